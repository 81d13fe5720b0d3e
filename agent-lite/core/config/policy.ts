/** The board decides last (design §6): what of the cluster's wishes this board carries out. */
import type { ContainerDocument, PodDocument } from '@boardlet/adapters/wire';
import { type Check, fields, flag, integer, invalid, list, oneOf, text } from './fields.ts';

export interface HostPathRule {
  /** Absolute. It and everything below may be mounted. */
  readonly path: string;
  readonly readOnly: boolean;
}
export interface Policy {
  /** Namespaces whose pods may run here; a `*` stands for any characters, `!` before it takes away; the last match decides. */
  readonly namespaces: readonly string[];
  /** RuntimeClass handlers without their `boardlet-` prefix. */
  readonly runtimes: readonly string[];
  /** Programs of the host that a `process` pod may name: absolute paths, or folders ending in `/` with all below. */
  readonly programs: readonly string[];
  /** Environment variables that a pod may set; written as `namespaces`. */
  readonly environment: readonly string[];
  readonly hostPaths: readonly HostPathRule[];
  readonly users: {
    /** Who runs a container that names no user, where the agent is root. */
    readonly default: number;
    /** User and group ids that a container may ask for: `[first, last]` each. */
    readonly allow: readonly (readonly [number, number])[];
    /** Whether user or group 0 may be asked for, in spite of `allow`. */
    readonly root: boolean;
  };
  /** Namespaces whose Devices this board binds to its hardware; written as `namespaces`. */
  readonly devices: readonly string[];
}

/** `nobody` on Debian, Fedora, Alpine and Windows' Linux layers alike. */
const NOBODY = 65_534;
const MOST_ID = 2 ** 32 - 2;

/** By their value alone they make a program, or the interpreter that runs it, execute something else; with them a list of
 * programs would say nothing. Folders to search (PATH, LD_LIBRARY_PATH, PYTHONPATH) need a file that is on the board. */
const CODE_VARIABLES = [
  'LD_PRELOAD',
  'LD_AUDIT',
  'BASH_*',
  'ENV',
  'SHELLOPTS',
  'PS4',
  'NODE_OPTIONS',
  'PERL5OPT',
  'PERL5DB',
  'PYTHONSTARTUP',
  'PYTHONWARNINGS',
  'RUBYOPT',
  '*JAVA*OPTIONS',
];

/** Without a policy file: pods of any namespace but the cluster's own, as an unprivileged user, with the programs that
 * the board's owner installed; nothing of the host's files is shown to them, and none runs as root. */
export const defaultPolicy: Policy = {
  namespaces: ['*', '!kube-*'],
  runtimes: ['process'],
  programs: ['/bin/', '/usr/bin/', '/usr/local/bin/', '/opt/'],
  environment: ['*', ...CODE_VARIABLES.map((name) => `!${name}`)],
  hostPaths: [],
  users: { default: NOBODY, allow: [[1000, MOST_ID]], root: false },
  devices: ['*', '!kube-*'],
};

export interface Refusal {
  /** CamelCase, for a Kubernetes user. */
  readonly reason: string;
  readonly message: string;
}

const NAMESPACE = text(
  'a namespace, where * stands for any characters',
  /^!?[a-z0-9*][a-z0-9*-]{0,62}$/,
);
const VARIABLE = text(
  'the name of an environment variable, where * stands for any characters',
  /^!?[^\s=!]{1,128}$/,
);
const ABSOLUTE = text('an absolute path', /^\/|^[A-Za-z]:[\\/]/);
const MOST_ITEMS = 256;

const path: Check<string> = (value, at) => {
  const given = ABSOLUTE(value, at);
  if (isPlainPath(given)) return given;
  throw invalid(at, 'expected a path without empty, . and .. parts');
};

const idRange: Check<readonly [number, number]> = (value, at) => {
  const [first, last, ...more] = rangeOf(typeof value === 'number' ? [value, value] : value);
  if (first === undefined || last === undefined || more.length > 0 || first > last)
    throw invalid(at, 'expected a user id, or a range as [first, last] or "first-last"');
  return [first, last];
};

function rangeOf(value: unknown): readonly number[] {
  const parts = typeof value === 'string' ? value.split('-') : value;
  if (!Array.isArray(parts)) return [];
  const numbers = parts.map(Number);
  return numbers.every((id) => Number.isInteger(id) && id >= 0 && id <= MOST_ID) ? numbers : [];
}

const hostPath: Check<HostPathRule> = (value, at) => {
  if (typeof value === 'string') return { path: path(value, at), readOnly: true };
  const rule = fields<HostPathRule>({ path, readOnly: flag() })(value, at);
  if (rule.path === undefined) throw invalid(at, 'path is missing');
  return { path: rule.path, readOnly: rule.readOnly ?? true };
};

const policyFields = fields<Policy>({
  namespaces: list(NAMESPACE, MOST_ITEMS),
  runtimes: list(oneOf(['process', 'wasm', 'oci', 'task']), MOST_ITEMS),
  programs: list(path, MOST_ITEMS),
  environment: list(VARIABLE, MOST_ITEMS),
  hostPaths: list(hostPath, MOST_ITEMS),
  users: (value, at) => ({
    ...defaultPolicy.users,
    ...fields<Policy['users']>({
      default: integer(0, MOST_ID),
      allow: list(idRange, MOST_ITEMS),
      root: flag(),
    })(value, at),
  }),
  devices: list(NAMESPACE, MOST_ITEMS),
});

/** Reads a parsed policy file; what it leaves out is as in `defaultPolicy`. Throws `BL_CONFIG_INVALID` with the field's path. */
export function parsePolicy(value: unknown, source: string): Policy {
  const at = { source, path: '' };
  return { ...defaultPolicy, ...policyFields(value ?? {}, at) };
}

/** Greedy from the left is enough for `*`, and takes linear time whatever the pattern. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.endsWith(last) && name.length - last.length >= at;
}

function allowsName(patterns: readonly string[], name: string): boolean {
  let allowed = false;
  for (const pattern of patterns) {
    const denies = pattern.startsWith('!');
    if (matches(denies ? pattern.slice(1) : pattern, name)) allowed = !denies;
  }
  return allowed;
}

/** The last pattern that matches decides; none: no. */
export function allowsNamespace(patterns: readonly string[], namespace: string): boolean {
  return allowsName(patterns, namespace);
}

/** Without empty, `.` and `..` parts: such a path says in its text where it leads, but for symbolic links. */
function isPlainPath(given: string): boolean {
  const parts = given.replace(/^[A-Za-z]:/, '').split(/[\\/]/);
  const inner = parts.slice(1, parts.at(-1) === '' ? -1 : undefined);
  return inner.every((part) => part !== '' && part !== '.' && part !== '..');
}

/** The text of the path alone; the runtime resolves links first and asks for where they lead as well. */
export function allowsProgram(policy: Policy, program: string): boolean {
  if (!isPlainPath(program)) return false;
  return policy.programs.some((rule) =>
    rule.endsWith('/') ? program.startsWith(rule) : program === rule,
  );
}

export function allowsHostPath(policy: Policy, wanted: string, writable: boolean): boolean {
  if (!isPlainPath(wanted)) return false;
  return policy.hostPaths.some(({ path: rule, readOnly }) => {
    const folder = rule.endsWith('/') ? rule : `${rule}/`;
    return (wanted === rule || wanted.startsWith(folder)) && !(writable && readOnly);
  });
}

/** The agent's own user needs no rule, unless it is root. */
export function allowsUser(policy: Policy, id: number, agentId: number): boolean {
  if (id === 0) return policy.users.root;
  if (id === agentId || id === policy.users.default) return true;
  return policy.users.allow.some(([first, last]) => id >= first && id <= last);
}

/** Whose rights a container gets: what it asks for, else the agent's own user, or the policy's default where that is root. */
export function userFor(
  policy: Policy,
  container: Pick<ContainerDocument, 'user'>,
  agentId: number,
): number {
  return container.user ?? (agentId === 0 ? policy.users.default : agentId);
}

function refuseUser(policy: Policy, container: ContainerDocument, agentId: number) {
  const asked = [container.user, container.group].filter((id) => id !== undefined);
  const bad = asked.find((id) => !allowsUser(policy, id, agentId));
  if (bad === undefined) return undefined;
  return forbid(`container ${container.name}: user or group ${bad} is not allowed (users)`);
}

function refuseProgram(policy: Policy, container: ContainerDocument): Refusal | undefined {
  const program = container.command?.[0];
  // Whether a container without one can be started at all is for the runtime to say.
  if (program === undefined || allowsProgram(policy, program)) return undefined;
  return forbid(
    `container ${container.name}: program ${program} is not in the board's list (programs); it is named by its absolute path`,
  );
}

function refuseEnvironment(policy: Policy, container: ContainerDocument): Refusal | undefined {
  const bad = (container.env ?? []).find(([name]) => !allowsName(policy.environment, name));
  if (bad === undefined) return undefined;
  return forbid(
    `container ${container.name}: env ${bad[0].slice(0, 64)} may not be set (environment)`,
  );
}

function forbid(message: string): Refusal {
  return { reason: 'Forbidden', message: `the board's policy: ${message}` };
}

/** Undefined when the pod (`<namespace>/<name>`) may run. `agentId` is the user id that the agent runs as. */
export function refusePod(
  policy: Policy,
  pod: string,
  spec: PodDocument,
  agentId: number,
): Refusal | undefined {
  const namespace = pod.slice(0, pod.indexOf('/'));
  if (!allowsNamespace(policy.namespaces, namespace))
    return forbid(`no pods of namespace ${namespace} (namespaces)`);
  if (!policy.runtimes.includes(spec.runtime))
    return forbid(`runtime ${spec.runtime} is not allowed (runtimes)`);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const programs = spec.runtime === 'process' ? refuseProgram(policy, container) : undefined;
    const refusal =
      refuseUser(policy, container, agentId) ?? programs ?? refuseEnvironment(policy, container);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The policy as the pod engine asks for it. */
export function podPolicy(
  policy: Policy,
  agentId: number,
): { readonly check: (pod: string, spec: PodDocument) => Refusal | undefined } {
  return { check: (pod, spec) => refusePod(policy, pod, spec, agentId) };
}
