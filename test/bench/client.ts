/** The thin client's Lease PUTs beside a bare keep-alive loop of undici against the same server, 64 in flight. The server does
 * nothing but echo; the two take turns. What is compared is requests per second of the client's CPU time: with the server on a
 * core of its own that is the ratio of the rates, and neither a busy machine nor a slow server moves it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  createKubeClient,
  type KubeClient,
  type KubeObject,
  LEASES,
} from '@boardlet/cloud-bridge/kube';
import { Pool } from 'undici';
import { type Bench, median } from './figure.ts';
import { CONCURRENCY, type Rate, rate } from './lanes.ts';
import { lease } from './lease.ts';

interface Stub {
  readonly origin: string;
  readonly close: () => void;
}

function startStub(): Promise<Stub> {
  const script = fileURLToPath(new URL('./stub-api.ts', import.meta.url));
  const child = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise((done, fail) => {
    child.on('exit', () => fail(new Error('the stub server ended')));
    child.on('message', ({ port }: { readonly port: number }) =>
      done({ origin: `http://127.0.0.1:${port}`, close: () => child.disconnect() }),
    );
  });
}

/** As the bridge does: the object is serialised and sent, and the answer parsed. */
async function put(client: KubeClient, object: KubeObject): Promise<void> {
  await client.replace(LEASES, object);
}

/** The least that a keep-alive client can do for the same bytes: send a text, read the answer. */
async function barePut(pool: Pool, lane: number, body: string): Promise<void> {
  const answer = await pool.request({
    method: 'PUT',
    path: `/apis/coordination.k8s.io/v1/namespaces/default/leases/lane-${lane}`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body,
  });
  await answer.body.text();
}

async function measure(origin: string, quick: boolean): Promise<{ ours: Rate[]; bare: Rate[] }> {
  const client = createKubeClient({ config: { server: origin }, connections: CONCURRENCY });
  const pool = new Pool(origin, { connections: CONCURRENCY, pipelining: 1 });
  const objects = Array.from({ length: CONCURRENCY }, (_, lane) => lease(`lane-${lane}`));
  const texts = objects.map((object) => JSON.stringify(object));
  const sliceMs = quick ? 250 : 1_000;
  const ours: Rate[] = [];
  const bare: Rate[] = [];
  try {
    for (let turn = 0; turn < (quick ? 5 : 9); turn++) {
      const one = await rate(sliceMs, (lane) => put(client, objects[lane] ?? lease('none')));
      const other = await rate(sliceMs, (lane) => barePut(pool, lane, texts[lane] ?? ''));
      // The first turn opens the connections and lets the compiler at both.
      if (turn === 0) continue;
      ours.push(one);
      bare.push(other);
    }
  } finally {
    await Promise.all([client.close(), pool.destroy()]);
  }
  return { ours, bare };
}

export const clientBench: Bench = {
  name: 'client',
  run: async ({ quick }) => {
    const stub = await startStub();
    try {
      const { ours, bare } = await measure(stub.origin, quick);
      const perCpu = (rates: readonly Rate[]): number => median(rates.map((r) => r.perCpuSecond));
      const perSecond = (rates: readonly Rate[]): number => median(rates.map((r) => r.perSecond));
      const peer = { name: 'bare undici', value: perSecond(bare) };
      return [
        {
          bench: 'client',
          name: 'client.put_ratio',
          value: perCpu(ours) / perCpu(bare),
          unit: 'ratio',
          goal: { op: '>=', value: 0.8, timing: true },
        },
        { bench: 'client', name: 'client.put_per_s', value: perSecond(ours), unit: '1/s', peer },
      ];
    } finally {
      stub.close();
    }
  },
};
