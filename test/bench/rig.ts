/** What the benches of the whole path measure: a stack of its own, a client, and what a watch shows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKubeClient,
  NODES,
  type Resource,
  type WatchingClient,
} from '@boardlet/cloud-bridge/kube';
import { type Stack, startStack } from '../../stack.ts';
import { isReady, type Observed, observe } from './observe.ts';
import { joinBenchBoard, type TwinBoard } from './twin-rig.ts';

export interface Rig {
  readonly stack: Stack;
  readonly folder: string;
  readonly client: WatchingClient;
  /** One watch per resource, for the rig's whole life. */
  readonly watch: (resource: Resource) => Promise<Observed>;
  /** A second board whose driver the bench holds; joined when first asked for. */
  readonly twinBoard: () => Promise<TwinBoard>;
  /** The last lines that the parts logged. */
  readonly logs: readonly string[];
  readonly close: () => Promise<void>;
}

const MOST_LOG_LINES = 60;

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function startedIn(folder: string, logs: string[]): Promise<Rig> {
  const stack = await startStack({
    data: join(folder, 'data'),
    fleet: 'bench',
    board: 'one',
    args: { agent: ['--stop-pods'] },
    onLog: (part, line) => {
      logs.push(`${part}: ${line}`);
      if (logs.length > MOST_LOG_LINES) logs.shift();
    },
  });
  const client = createKubeClient({ kubeconfig: stack.kubeconfig });
  const watches = new Map<Resource, Promise<Observed>>();
  const watch = (resource: Resource): Promise<Observed> => {
    const present = watches.get(resource) ?? observe(client, resource);
    watches.set(resource, present);
    return present;
  };
  let board: Promise<TwinBoard> | undefined;
  const parts = { stack, folder, client, watch, logs };
  return {
    ...parts,
    twinBoard: once(() => {
      board = joinBenchBoard(parts);
      return board;
    }),
    close: async () => {
      for (const each of await Promise.allSettled(watches.values()))
        if (each.status === 'fulfilled') each.value.close();
      const [joined] = await Promise.allSettled([board]);
      if (joined.status === 'fulfilled') await joined.value?.close();
      await client.close();
      await stack.close();
    },
  };
}

/** Resolves once the stack's own board is Ready. `close` ends every process and removes the folder. */
export async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'boardlet-bench-rig-'));
  const logs: string[] = [];
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const rig = await startedIn(folder, logs);
    const close = async (): Promise<void> => {
      await rig.close();
      remove();
    };
    try {
      const nodes = await rig.watch(NODES);
      await nodes.until('the board is Ready', rig.stack.node, isReady);
    } catch (error) {
      await close();
      throw error;
    }
    return { ...rig, close };
  } catch (error) {
    remove();
    throw error;
  }
}
