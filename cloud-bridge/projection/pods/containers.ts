/** Container statuses of a board → container statuses of the API. Pure. */
import type { ContainerStatusDocument } from '@boardlet/adapters/wire';
import { believableMs, plain, reasonOf, timestamp } from '../text.ts';
import type { ContainerSpec } from './spec.ts';

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly [field: string]: unknown;
}

const MAX_MESSAGE = 1024;
const MAX_ID = 512;
/** int32 in the API. */
const MAX_INT = 2 ** 31 - 1;

function int(value: number): number {
  return Math.max(-MAX_INT, Math.min(MAX_INT, Math.trunc(value)));
}

/** `<runtime>://<id>`, as the API wants it. */
function containerId(status: ContainerStatusDocument): string | undefined {
  const { id } = status;
  if (id === undefined || id.length > MAX_ID || !/^([a-z][a-z0-9]*:\/\/)?[A-Za-z0-9._-]+$/.test(id))
    return undefined;
  return id.includes('://') ? id : `boardlet://${id}`;
}

/** Now, and what stands in for a time that cannot be true: it must not move while the status stays. */
export interface Times {
  readonly nowMs: number;
  readonly pinMs: number;
}

function timeOf(unixMs: number, { nowMs, pinMs }: Times): string {
  return timestamp(believableMs(unixMs, nowMs, pinMs));
}

interface Ended {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

function terminated(
  end: Ended,
  id: string | undefined,
  times: Times,
): Readonly<Record<string, unknown>> {
  const exitCode = int(end.exitCode ?? 137);
  return {
    exitCode,
    reason: reasonOf(end.reason, exitCode === 0 ? 'Completed' : 'Error'),
    ...(end.signal === undefined || end.signal === 0 ? {} : { signal: int(end.signal) }),
    ...(end.message === undefined ? {} : { message: plain(end.message, MAX_MESSAGE) }),
    ...(end.startedAt === undefined ? {} : { startedAt: timeOf(end.startedAt, times) }),
    ...(end.finishedAt === undefined ? {} : { finishedAt: timeOf(end.finishedAt, times) }),
    ...(id === undefined ? {} : { containerID: id }),
  };
}

function stateOf(
  status: ContainerStatusDocument,
  id: string | undefined,
  times: Times,
): Readonly<Record<string, unknown>> {
  if (status.state === 'running') {
    if (status.startedAt === undefined) return { running: {} };
    return { running: { startedAt: timeOf(status.startedAt, times) } };
  }
  if (status.state === 'terminated') return { terminated: terminated(status, id, times) };
  return {
    waiting: {
      reason: reasonOf(status.reason, 'ContainerCreating'),
      ...(status.message === undefined ? {} : { message: plain(status.message, MAX_MESSAGE) }),
    },
  };
}

/** One per container of the spec, in its order; what the board names besides is left out. */
export function containerStatuses(
  specs: readonly ContainerSpec[],
  reported: readonly ContainerStatusDocument[],
  times: Times,
): ContainerStatus[] {
  const byName = new Map(reported.map((status) => [status.name, status]));
  return specs.map((spec) => {
    const status = byName.get(spec.name);
    const base = { name: spec.name, image: spec.image ?? '', imageID: '' };
    if (status === undefined)
      return {
        ...base,
        ready: false,
        started: false,
        restartCount: 0,
        state: { waiting: { reason: 'ContainerCreating' } },
      };
    const id = containerId(status);
    return {
      ...base,
      ready: status.ready && status.state === 'running',
      started: status.state === 'running',
      restartCount: Math.max(0, int(status.restarts)),
      state: stateOf(status, id, times),
      ...(status.last === undefined
        ? {}
        : { lastState: { terminated: terminated(status.last, undefined, times) } }),
      ...(id === undefined ? {} : { containerID: id }),
    };
  });
}
