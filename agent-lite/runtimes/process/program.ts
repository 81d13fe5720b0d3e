/** From a container's document to what is executed: which program, as whom, where, with which environment. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { ContainerDocument, PodDocument } from '@boardlet/adapters/wire';
import type { ContainerRef } from '../../core/runtime.ts';
import type { ProgramSpec } from './shim-messages.ts';

/** The only image of this runtime: the host itself. */
export const HOST_IMAGE = 'boardlet.dev/host';
/** Programs named without a path are looked up here, whatever PATH the pod sets, so that a pod cannot smuggle in another. */
export const SAFE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** inode(7). */
const SET_USER = 0o4000;
const SET_GROUP = 0o2000;
const OWNER_SEARCH = 0o100;
const GROUP_SEARCH = 0o010;
const OTHERS_SEARCH = 0o001;

export type ProgramResult =
  | { readonly ok: true; readonly program: ProgramSpec }
  | { readonly ok: false; readonly reason: string; readonly message: string };

/** Undefined: not there. A message: there, but no program. */
function problemOf(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return `${path} is no file`;
    accessSync(path, constants.X_OK);
    return '';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return `${path} cannot be executed (${String(code)})`;
  }
}

interface Lookup {
  readonly path?: string;
  readonly problem: string;
}

/** The absolute path of a program: as given, relative to the working folder when it has a slash, else found in `SAFE_PATH`. */
export function findProgram(name: string, cwd: string): Lookup {
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : resolve(cwd, name)]
    : SAFE_PATH.split(':').map((folder) => `${folder}/${name}`);
  let problem: string | undefined;
  for (const path of candidates) {
    const found = problemOf(path);
    if (found === '') return { path, problem: '' };
    problem ??= found;
  }
  const where = name.includes('/') ? '' : ` in ${SAFE_PATH}`;
  return { problem: problem ?? `program "${name}" was not found${where}` };
}

/** What the board's policy says of programs and users; without it all is allowed. */
export interface ProgramPolicy {
  readonly allowsProgram: (path: string) => boolean;
  /** The user that a container runs as. */
  readonly userFor: (spec: ContainerDocument) => number;
  /** May a program run with the rights of this user or group? Absent: any. */
  readonly allowsUser?: (id: number) => boolean;
}
export interface Agent {
  readonly uid: number;
  readonly gid: number;
}

/** Whoever the agent is, or another when the agent is root. A group that is not named is the user's own, never root's. */
function identity(
  { group }: ContainerDocument,
  user: number | undefined,
  agent: Agent,
): { readonly uid?: number; readonly gid?: number } | string {
  if (agent.uid === 0) {
    const gid = group ?? user;
    return {
      ...(user === undefined ? {} : { uid: user }),
      ...(gid === undefined ? {} : { gid }),
    };
  }
  if (user !== undefined && user !== agent.uid)
    return `runAsUser ${user}: the agent runs as user ${agent.uid} and cannot become another`;
  if (group !== undefined && group !== agent.gid)
    return `runAsGroup ${group}: the agent runs as group ${agent.gid} and cannot become another`;
  return {};
}

/** Which rule forbids a program that is there. A link is followed first: what it leads to must be allowed too. With the set-user-ID
 * or set-group-ID bit it runs as its owner, whoever starts it. */
function ruleAgainst(path: string, policy: ProgramPolicy | undefined): string | undefined {
  if (policy === undefined) return undefined;
  const { allowsProgram, allowsUser = () => true } = policy;
  try {
    if (!allowsProgram(path) || !allowsProgram(realpathSync(path)))
      return `program ${path} is not in the board's list (programs)`;
    const { mode, uid, gid } = statSync(path);
    const foreign =
      ((mode & SET_USER) !== 0 && !allowsUser(uid)) ||
      ((mode & SET_GROUP) !== 0 && !allowsUser(gid));
    return foreign ? `program ${path} runs as its owner, ${uid}:${gid} (users)` : undefined;
  } catch {
    return `program ${path} is gone, or its links lead in a circle`;
  }
}

/** The working folder is entered before the user is changed, so root's rights would take a program past folders that are closed
 * to its user. Access lists are not asked: a folder that only they open counts as closed. */
function mayEnter(
  folder: string,
  { uid, gid }: { readonly uid?: number; readonly gid?: number },
): boolean {
  if (uid === undefined || uid === 0) return true;
  try {
    for (let at = realpathSync(folder); ; at = dirname(at)) {
      const { mode, uid: owner, gid: group } = statSync(at);
      const others = gid === group ? GROUP_SEARCH : OTHERS_SEARCH;
      if ((mode & (uid === owner ? OWNER_SEARCH : others)) === 0) return false;
      if (at === dirname(at)) return true;
    }
  } catch {
    // Gone since it was found: nothing to enter.
    return false;
  }
}

const failed = (message: string): ProgramResult => ({
  ok: false,
  reason: 'CreateContainerError',
  message,
});

/** Never throws. Reasons: ErrImagePull, Forbidden, CreateContainerError. */
export function prepareProgram(
  ref: ContainerRef,
  spec: ContainerDocument,
  agent: Agent,
  policy?: ProgramPolicy,
): ProgramResult {
  if (spec.image !== HOST_IMAGE)
    return {
      ok: false,
      reason: 'ErrImagePull',
      message: `this board runs programs of its own: the image must be ${HOST_IMAGE}`,
    };
  const argv = [...(spec.command ?? []), ...(spec.args ?? [])];
  const [name = ''] = argv;
  if (name === '') return failed(`no command: ${HOST_IMAGE} has no program of its own`);
  if (argv.some((text) => text.includes('\0'))) return failed('the command holds a NUL character');
  const cwd = spec.workingDir ?? '/';
  if (!isAbsolute(cwd) || !isFolder(cwd)) return failed(`workingDir "${cwd}" is no folder here`);
  const found = findProgram(name, cwd);
  if (found.path === undefined) return failed(found.problem);
  const rule = ruleAgainst(found.path, policy);
  if (rule !== undefined)
    return { ok: false, reason: 'Forbidden', message: `the board's policy: ${rule}` };
  const who = identity(spec, policy?.userFor(spec) ?? spec.user, agent);
  if (typeof who === 'string') return failed(who);
  if (!mayEnter(cwd, who)) return failed(`workingDir "${cwd}" is closed to user ${who.uid}`);
  const env = environment(ref, spec);
  if (typeof env === 'string') return failed(env);
  return { ok: true, program: { argv: [found.path, ...argv.slice(1)], env, cwd, ...who } };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Whatever the reason, the program could not start there.
    return false;
  }
}

/** What the pod asks for and three names that programs count on; nothing of the agent's own. */
function environment(
  ref: ContainerRef,
  spec: ContainerDocument,
): Readonly<Record<string, string>> | string {
  const hostname = ref.pod.slice(ref.pod.indexOf('/') + 1);
  const env = new Map([
    ['PATH', SAFE_PATH],
    ['HOSTNAME', hostname],
    ['HOME', '/'],
  ]);
  for (const [name, value] of spec.env ?? []) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0'))
      return `env "${name.slice(0, 64)}" cannot be set: a name has no "=", and neither part a NUL`;
    env.set(name, value);
  }
  return Object.fromEntries(env);
}

/** Programs by absolute path, where they are found. */
export function canonicalPod(spec: PodDocument): PodDocument {
  const one = (container: ContainerDocument): ContainerDocument => {
    const [name, ...rest] = container.command ?? [];
    const [first, ...args] = container.args ?? [];
    const path = (program: string) =>
      findProgram(program, container.workingDir ?? '/').path ?? program;
    if (name !== undefined) return { ...container, command: [path(name), ...rest] };
    return first === undefined ? container : { ...container, command: [path(first)], args };
  };
  const { containers, initContainers } = spec;
  return {
    ...spec,
    containers: containers.map(one),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(one) }),
  };
}
