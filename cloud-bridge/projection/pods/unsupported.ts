/** What a board cannot honour is refused by its path, and never ignored: a pod that would run with less than it asked for
 * (a probe, a volume, a security setting) does not run. */
import type { ContainerSpec, PodSpec, SecurityContext, Volume } from './spec.ts';

/** A field and, where the reason is not plain, what is wrong with it. */
export interface Unsupported {
  readonly path: string;
  readonly why?: string;
}

const POD_FIELDS = [
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'shareProcessNamespace',
  'activeDeadlineSeconds',
  'ephemeralContainers',
  'hostAliases',
  'dnsConfig',
  'resourceClaims',
  'resources',
  'setHostnameAsFQDN',
] as const;
const CONTAINER_FIELDS = [
  'envFrom',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'volumeDevices',
  'restartPolicy',
  'restartPolicyRules',
] as const;
const SECURITY_FIELDS = [
  'privileged',
  'readOnlyRootFilesystem',
  'seLinuxOptions',
  'windowsOptions',
  'procMount',
  'appArmorProfile',
  'fsGroup',
  'supplementalGroups',
  'sysctls',
] as const;
const RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const FIELD_REFS: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
]);
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** False, empty and absent ask for nothing. */
function asks(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function asked(of: object, names: readonly string[], path: string): Unsupported[] {
  const fields = of as Readonly<Record<string, unknown>>;
  return names.filter((name) => asks(fields[name])).map((name) => ({ path: `${path}.${name}` }));
}

/** Every API pod carries one; boards get no token of it. */
function isTokenVolume(volume: Volume): boolean {
  return volume.name.startsWith('kube-api-access-') && volume.projected !== undefined;
}

function security(context: SecurityContext | undefined, path: string): Unsupported[] {
  if (context === undefined) return [];
  const found = asked(context, SECURITY_FIELDS, path);
  if (asks(context.capabilities?.add)) found.push({ path: `${path}.capabilities.add` });
  const profile = context.seccompProfile?.type ?? 'Unconfined';
  if (profile !== 'Unconfined') found.push({ path: `${path}.seccompProfile`, why: profile });
  // A process of the host keeps what execve(2) gives it; only a promise that can be kept is taken.
  if (context.allowPrivilegeEscalation === false)
    found.push({ path: `${path}.allowPrivilegeEscalation`, why: 'false cannot be enforced' });
  return found;
}

function resources(container: ContainerSpec, path: string): Unsupported[] {
  const found: Unsupported[] = [];
  for (const kind of ['limits', 'requests'] as const)
    for (const name of Object.keys(container.resources?.[kind] ?? {}))
      if (!RESOURCES.has(name)) found.push({ path: `${path}.resources.${kind}[${name}]` });
  return found;
}

function environment(container: ContainerSpec, path: string): Unsupported[] {
  const found: Unsupported[] = [];
  (container.env ?? []).forEach((one, i) => {
    if (one.valueFrom === undefined || !asks(one.valueFrom)) return;
    const at = `${path}.env[${i}].valueFrom`;
    const field = one.valueFrom.fieldRef?.fieldPath;
    if (field === undefined) found.push({ path: `${at}.${Object.keys(one.valueFrom)[0]}` });
    else if (!FIELD_REFS.has(field)) found.push({ path: `${at}.fieldRef`, why: field });
  });
  return found;
}

function mounts(
  container: ContainerSpec,
  tokens: ReadonlySet<string>,
  path: string,
): Unsupported[] {
  return (container.volumeMounts ?? []).flatMap((mount, i) =>
    tokens.has(mount.name) && mount.mountPath === TOKEN_PATH
      ? []
      : [{ path: `${path}.volumeMounts[${i}]` }],
  );
}

/** In the order of the fields; empty: the pod can run. */
export function unsupportedFields(spec: PodSpec): readonly Unsupported[] {
  const volumes = spec.volumes ?? [];
  const tokens = new Set(volumes.filter(isTokenVolume).map((volume) => volume.name));
  const found: Unsupported[] = asked(spec, POD_FIELDS, 'spec');
  volumes.forEach((volume, i) => {
    if (!tokens.has(volume.name)) found.push({ path: `spec.volumes[${i}]`, why: volume.name });
  });
  found.push(...security(spec.securityContext, 'spec.securityContext'));
  for (const list of ['initContainers', 'containers'] as const)
    (spec[list] ?? []).forEach((container, i) => {
      const path = `spec.${list}[${i}]`;
      found.push(
        ...asked(container, CONTAINER_FIELDS, path),
        ...environment(container, path),
        ...mounts(container, tokens, path),
        ...resources(container, path),
        ...security(container.securityContext, `${path}.securityContext`),
      );
    });
  return found;
}
