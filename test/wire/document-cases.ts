/** The document bodies, journal entries and stream arguments that the vectors hold. */
import type {
  DeviceDocument,
  DocumentBodies,
  DocumentKind,
  EventEntry,
  LogArgs,
  NodeDocument,
  PodDocument,
  PodStatusDocument,
} from '@boardlet/adapters/wire';

const UID = '0f8fad5b-d9cb-469f-a165-70867728950e';

export const POD: PodDocument = {
  uid: UID,
  runtime: 'process',
  graceS: 30,
  restart: 'Always',
  containers: [
    {
      name: 'app',
      image: 'boardlet.dev/host',
      command: ['/bin/reader'],
      args: ['--bus', 'can0'],
      env: [
        ['LOG', 'info'],
        ['EMPTY', ''],
      ],
      limits: { cpuMilli: 200, memoryBytes: 33554432 },
      workingDir: '/var/lib/reader',
      user: 1000,
      group: 1000,
    },
  ],
};

const POD_BEING_DELETED: PodDocument = {
  uid: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  runtime: 'task',
  graceS: 0,
  restart: 'Never',
  containers: [{ name: 'a', image: 'boardlet.dev/host', limits: {} }],
  initContainers: [{ name: 'i', image: 'boardlet.dev/host', command: [] }],
  stopGraceS: 5,
};

const POD_OF_A_FOREIGN_UID: PodDocument = {
  uid: '0F8FAD5B-D9CB-469F-A165-70867728950E',
  runtime: 'process',
  graceS: 1,
  restart: 'OnFailure',
  containers: [],
};

const STATUS: PodStatusDocument = {
  uid: UID,
  phase: 'Running',
  startedAt: 1767225600000,
  containers: [
    {
      name: 'app',
      state: 'running',
      restarts: 2,
      ready: true,
      startedAt: 1767225700000,
      id: 'process://app-2',
      last: {
        exitCode: 137,
        signal: 9,
        reason: 'Error',
        message: 'killed',
        startedAt: 1767225600000,
        finishedAt: 1767225690000,
      },
    },
  ],
};

const STATUS_FAILED: PodStatusDocument = {
  uid: UID,
  phase: 'Failed',
  containers: [
    {
      name: 'app',
      state: 'terminated',
      restarts: 0,
      ready: false,
      startedAt: 1,
      finishedAt: 2,
      exitCode: -1,
      signal: 15,
      reason: 'Error',
      message: 'größer',
    },
  ],
  initContainers: [
    { name: 'i', state: 'waiting', restarts: 0, ready: false, reason: 'ErrImagePull' },
  ],
  reason: 'Evicted',
  message: 'out of memory',
};

const DEVICE: DeviceDocument = {
  protocol: 'modbus',
  protocolConfig: new Map<string, number | string>([
    ['host', '10.0.0.7'],
    ['port', 502],
  ]),
  properties: [
    {
      name: 'temp',
      type: 'FLOAT',
      readOnly: true,
      minimum: -40,
      maximum: 85.5,
      unit: '°C',
      protocol: 'modbus',
      config: new Map<string, number | string | boolean>([
        ['swap', true],
        ['scale', 0.1],
        ['offset', 2],
      ]),
      reportMs: 10000,
      collectMs: 1000,
      report: true,
    },
    {
      name: 'raw',
      type: 'BYTES',
      readOnly: false,
      protocol: '',
      config: null,
      reportMs: 0,
      collectMs: 0,
      report: false,
    },
  ],
};

const RESOURCES = {
  cpuMilli: 4000,
  memoryBytes: 8589934592,
  ephemeralBytes: 107374182400,
  pods: 110,
} as const;

const NODE: NodeDocument = {
  agentVersion: '0.1.0',
  os: 'linux',
  arch: 'arm64',
  kernel: '6.18.0',
  osImage: 'Debian GNU/Linux 12',
  machineId: '0123456789abcdef0123456789abcdef',
  systemUuid: '',
  bootId: UID,
  hostname: 'press-17',
  runtimeVersion: 'boardlet://0.1.0',
  addresses: [{ type: 'Hostname', address: 'press-17' }],
  capacity: RESOURCES,
  allocatable: { ...RESOURCES, cpuMilli: 3900, pods: 100 },
  conditions: [
    { type: 'MemoryPressure', status: 'False', reason: 'MemoryAvailable', message: '' },
    { type: 'DiskPressure', status: 'Unknown', reason: 'NoSample', message: 'not measured' },
    { type: 'Ready', status: 'True', reason: 'AgentReady', message: 'ready' },
  ],
  labels: { zone: 'hall-3', 'boardlet.dev/model': 'rpi5', a: '' },
  runtimes: ['process'],
  clockTrusted: true,
  hostTwin: [
    { name: 'load', type: 'DOUBLE', readOnly: true },
    {
      name: 'reportIntervalMs',
      type: 'INT',
      readOnly: false,
      unit: 'ms',
      minimum: 100,
      maximum: 60000,
    },
  ],
};

export const EVENT: EventEntry = {
  warning: true,
  reason: 'BackOff',
  message: 'Back-off restarting failed container app',
  about: 'pod',
  name: 'default/web',
  unixMs: 1767225600000,
  uid: UID,
  count: 3,
};

export const LOG_ARGS: LogArgs = {
  pod: 'default/web',
  container: 'app',
  follow: true,
  previous: false,
  timestamps: false,
  tailLines: 100,
};

export type DocumentCase = {
  readonly [K in DocumentKind]: readonly [name: string, kind: K, body: DocumentBodies[K]];
}[DocumentKind];

export const DOCUMENT_CASES: readonly DocumentCase[] = [
  ['pod', 'pod', POD],
  ['pod that is being deleted, with an init container', 'pod', POD_BEING_DELETED],
  ['pod whose uid is no canonical UUID', 'pod', POD_OF_A_FOREIGN_UID],
  ['status of a running pod that was restarted', 'podStatus', STATUS],
  ['status of a failed pod', 'podStatus', STATUS_FAILED],
  ['wanted twin value: an integer', 'twinDesired', 40],
  ['wanted twin value: a float', 'twinDesired', 21.537],
  ['wanted twin value: text', 'twinDesired', 'on'],
  ['wanted twin value: a boolean', 'twinDesired', false],
  ['wanted twin value: bytes', 'twinDesired', Uint8Array.of(1, 2)],
  ['wanted twin value: 64 bits', 'twinDesired', 18446744073709551615n],
  ['wanted twin value: minus zero', 'twinDesired', -0],
  ['twin', 'twin', { value: 21.5 }],
  ['twin with the desired value that was applied', 'twin', { value: 39, observedDesired: 40 }],
  ['device', 'device', DEVICE],
  [
    'device without properties',
    'device',
    { protocol: 'gpio', protocolConfig: null, properties: [] },
  ],
  ['node', 'node', NODE],
  [
    'static pod',
    'staticPod',
    { hash: 'c0ffee', pod: POD, labels: { app: 'reader' }, annotations: {} },
  ],
  ['device status', 'deviceStatus', { state: 'online', lastOnline: 1767225600000, message: '' }],
  ['device status, least', 'deviceStatus', { state: 'unknown' }],
];

export const EVENT_CASES: readonly (readonly [string, EventEntry])[] = [
  ['event about a pod', EVENT],
  [
    'event about the node',
    { warning: false, reason: 'Starting', message: '', about: 'node', name: '-', unixMs: 0 },
  ],
];

export const LOG_ARGS_CASES: readonly (readonly [string, LogArgs])[] = [
  ['log arguments', LOG_ARGS],
  [
    'log arguments, all',
    { ...LOG_ARGS, previous: true, timestamps: true, sinceMs: 1767225600000, limitBytes: 1048576 },
  ],
];
