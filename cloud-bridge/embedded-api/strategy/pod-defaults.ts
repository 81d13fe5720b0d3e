import { child, dict, fill, isObject, type Json, type JsonObject, list, str } from '../json.ts';

/** Mode 0644, the default of files in config map, secret and downward volumes. */
const FILE_MODE = 0o644;
/** How long pods stay on a node that is not ready (admission plugin DefaultTolerationSeconds). */
const TOLERATION_S = 300;

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : [];
}

function probeDefaults(probe: Json | undefined): void {
  if (!isObject(probe)) return;
  fill(probe, 'timeoutSeconds', 1);
  fill(probe, 'periodSeconds', 10);
  fill(probe, 'successThreshold', 1);
  fill(probe, 'failureThreshold', 3);
  const http = probe['httpGet'];
  if (isObject(http)) {
    fill(http, 'path', '/');
    fill(http, 'scheme', 'HTTP');
  }
}

function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  const tagged = image.includes('@') || name.includes(':');
  return tagged && !name.endsWith(':latest') ? 'IfNotPresent' : 'Always';
}

function containerDefaults(container: JsonObject): void {
  fill(container, 'terminationMessagePath', '/dev/termination-log');
  fill(container, 'terminationMessagePolicy', 'File');
  fill(container, 'imagePullPolicy', pullPolicy(str(container, 'image')));
  const resources = child(container, 'resources');
  const limits = resources['limits'];
  if (isObject(limits)) {
    const requests = child(resources, 'requests');
    for (const [name, value] of Object.entries(limits)) fill(requests, name, value);
  }
  for (const port of objects(container['ports'])) fill(port, 'protocol', 'TCP');
  for (const variable of objects(container['env'])) {
    const field = dict(variable, 'valueFrom')['fieldRef'];
    if (isObject(field)) fill(field, 'apiVersion', 'v1');
  }
  for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    probeDefaults(container[key]);
}

function volumeDefaults(volume: JsonObject): void {
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {};
  for (const key of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const source = volume[key];
    if (isObject(source)) fill(source, 'defaultMode', FILE_MODE);
  }
  const host = volume['hostPath'];
  if (isObject(host)) fill(host, 'type', '');
}

function tolerates(spec: JsonObject, key: string): boolean {
  return list(spec, 'tolerations').some((toleration) => {
    const effect = str(toleration, 'effect');
    const named = str(toleration, 'key');
    return (named === key || named === '') && (effect === 'NoExecute' || effect === '');
  });
}

/** Tolerations that admission adds at creation, and only then. */
export function addDefaultTolerations(spec: JsonObject): void {
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    if (tolerates(spec, key)) continue;
    spec['tolerations'] = [
      ...list(spec, 'tolerations'),
      { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATION_S },
    ];
  }
}

/** Defaults of pkg/apis/core/v1/defaults.go for the fields that this API serves. */
export function podDefaults(pod: JsonObject): void {
  const spec = child(pod, 'spec');
  fill(spec, 'restartPolicy', 'Always');
  fill(spec, 'dnsPolicy', 'ClusterFirst');
  fill(spec, 'schedulerName', 'default-scheduler');
  fill(spec, 'terminationGracePeriodSeconds', 30);
  fill(spec, 'securityContext', {});
  fill(spec, 'enableServiceLinks', true);
  const account = str(spec, 'serviceAccountName') || str(spec, 'serviceAccount');
  if (account !== '') {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  for (const key of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of objects(spec[key])) containerDefaults(container);
  }
  for (const volume of objects(spec['volumes'])) volumeDefaults(volume);
}

/** Guaranteed, Burstable or BestEffort, from cpu and memory of all containers. */
export function qosClass(spec: JsonObject): string {
  const containers = [...objects(spec['containers']), ...objects(spec['initContainers'])];
  let some = false;
  let all = true;
  for (const container of containers) {
    for (const resource of ['cpu', 'memory']) {
      const request = dict(container, 'resources', 'requests')[resource];
      const limit = dict(container, 'resources', 'limits')[resource];
      if (request !== undefined || limit !== undefined) some = true;
      if (limit === undefined || String(limit) !== String(request)) all = false;
    }
  }
  if (!some) return 'BestEffort';
  return all ? 'Guaranteed' : 'Burstable';
}
