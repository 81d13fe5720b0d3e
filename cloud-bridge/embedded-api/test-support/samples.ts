import type { JsonObject } from '../json.ts';

/** A Node that pods may go to. */
export function sampleNode(name: string, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': 'boardlet' } },
    spec: { providerID: `boardlet://f/${name}` },
    status: {
      capacity: { cpu: '2', memory: '1Gi', pods: '20' },
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ok' }],
      nodeInfo: {
        machineID: 'm',
        systemUUID: 's',
        bootID: 'b',
        kernelVersion: '6.1.0',
        osImage: 'Debian 12',
        containerRuntimeVersion: 'boardlet://0.1',
        kubeletVersion: 'v1.35.4-boardlet',
        operatingSystem: 'linux',
        architecture: 'arm64',
      },
    },
    ...more,
  };
}

export function samplePod(
  name: string,
  spec: JsonObject = {},
  metadata: JsonObject = {},
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'main', image: 'boardlet.dev/host', command: ['sh'] }], ...spec },
  };
}

const desiredValue: JsonObject = {
  type: 'object',
  properties: {
    value: { type: 'string' },
    metadata: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

/** A CRD of the shape of KubeEdge's devices: namespaced, without a status subresource. */
export const DEVICE_CRD: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'devices.devices.kubeedge.io' },
  spec: {
    group: 'devices.kubeedge.io',
    scope: 'Namespaced',
    names: { kind: 'Device', plural: 'devices', singular: 'device', listKind: 'DeviceList' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: {
                type: 'object',
                properties: {
                  nodeName: { type: 'string' },
                  deviceModelRef: {
                    type: 'object',
                    properties: { name: { type: 'string' } },
                    'x-kubernetes-map-type': 'atomic',
                  },
                  properties: {
                    type: 'array',
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string' },
                        desired: desiredValue,
                        collectCycle: { type: 'integer', format: 'int64' },
                        reportToCloud: { type: 'boolean' },
                        visitors: {
                          type: 'object',
                          properties: {
                            protocolName: { type: 'string' },
                            configData: {
                              type: 'object',
                              'x-kubernetes-preserve-unknown-fields': true,
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
              status: {
                type: 'object',
                properties: {
                  reportToCloud: { type: 'boolean' },
                  reportCycle: { type: 'integer' },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** A cluster-scoped kind with two versions, status, defaults, rules and columns. */
export const PUMP_CRD: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'pumps.example.boardlet.dev' },
  spec: {
    group: 'example.boardlet.dev',
    scope: 'Cluster',
    names: { kind: 'Pump', plural: 'pumps', shortNames: ['pu'] },
    versions: ['v1', 'v1beta1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      deprecated: name === 'v1beta1',
      subresources: { status: {} },
      additionalPrinterColumns: [
        { name: 'Rate', type: 'integer', jsonPath: '.spec.rate' },
        { name: 'State', type: 'string', jsonPath: '.status.conditions[?(@.type=="On")].status' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      schema: {
        openAPIV3Schema: {
          type: 'object',
          required: ['spec'],
          properties: {
            spec: {
              type: 'object',
              required: ['rate'],
              properties: {
                rate: { type: 'integer', minimum: 0, maximum: 100 },
                mode: { type: 'string', enum: ['slow', 'fast'], default: 'slow' },
                port: { 'x-kubernetes-int-or-string': true },
              },
            },
            status: {
              type: 'object',
              properties: {
                conditions: {
                  type: 'array',
                  items: {
                    type: 'object',
                    properties: { type: { type: 'string' }, status: { type: 'string' } },
                  },
                },
              },
            },
          },
        },
      },
    })),
  },
};
