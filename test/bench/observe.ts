/** A resource as a watch shows it, each event with the time at which it came. */
import type { KubeObject, Resource, WatchingClient } from '@boardlet/cloud-bridge/kube';
import { nowMs } from './clock.ts';

export interface Seen {
  readonly object: KubeObject;
  readonly atMs: number;
}
export interface Observed {
  readonly latest: (name: string) => KubeObject | undefined;
  /** What is there already counts, with the time of the call. Rejects after `deadlineMs`. */
  readonly until: (
    what: string,
    name: string,
    holds: (object: KubeObject | undefined) => boolean,
    deadlineMs?: number,
  ) => Promise<{ readonly object: KubeObject | undefined; readonly atMs: number }>;
  /** Every event from now on; the function returned ends it. */
  readonly each: (take: (seen: Seen) => void) => () => void;
  readonly close: () => void;
}

const WATCH_S = 600;
const DEADLINE_MS = 30_000;

type Take = (name: string, object: KubeObject | undefined, atMs: number) => void;

async function follow(
  client: WatchingClient,
  resource: Resource,
  from: string,
  signal: AbortSignal,
  take: Take,
): Promise<void> {
  let resourceVersion = from;
  while (!signal.aborted) {
    await client.watch(
      resource,
      { resourceVersion, timeoutS: WATCH_S, signal },
      {
        onActivity: () => undefined,
        onEvent: (type, object) => {
          const atMs = nowMs();
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          if (type === 'BOOKMARK') return;
          take(object.metadata.name, type === 'DELETED' ? undefined : object, atMs);
        },
      },
    );
  }
}

/** Names are taken as unique: a bench has one namespace for each resource. */
export async function observe(client: WatchingClient, resource: Resource): Promise<Observed> {
  const objects = new Map<string, KubeObject>();
  const takers = new Set<Take>();
  const stop = new AbortController();
  const listed = await client.list(resource);
  for (const object of listed.items) objects.set(object.metadata.name, object);
  const take: Take = (name, object, atMs) => {
    if (object === undefined) objects.delete(name);
    else objects.set(name, object);
    for (const each of [...takers]) each(name, object, atMs);
  };
  const add = (each: Take): (() => void) => {
    takers.add(each);
    return () => void takers.delete(each);
  };
  let failure: Error | undefined;
  const followed = follow(client, resource, listed.resourceVersion, stop.signal, take);
  followed.catch((error: Error) => {
    failure = error;
  });
  return {
    latest: (name) => objects.get(name),
    each: (seen) =>
      add((_name, object, atMs) => {
        if (object !== undefined) seen({ object, atMs });
      }),
    until: (what, wanted, holds, deadlineMs = DEADLINE_MS) => {
      const present = objects.get(wanted);
      if (holds(present)) return Promise.resolve({ object: present, atMs: nowMs() });
      return new Promise((done, fail) => {
        const timer = setTimeout(() => {
          remove();
          const why = failure === undefined ? '' : ` (the watch ended: ${failure.message})`;
          fail(new Error(`not seen within ${deadlineMs} ms: ${what}${why}`));
        }, deadlineMs);
        const remove = add((name, object, atMs) => {
          if (name !== wanted || !holds(object)) return;
          clearTimeout(timer);
          remove();
          done({ object, atMs });
        });
      });
    },
    close: () => stop.abort(),
  };
}

export function isReady(node: KubeObject | undefined): boolean {
  const status = node?.['status'] as
    | { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
    | undefined;
  return status?.conditions?.find((c) => c.type === 'Ready')?.status === 'True';
}
