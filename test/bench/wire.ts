/** Bytes on the wire, worked out by the real encoder; the peer is KubeEdge's message for the same thing (measured there). */
import { encodeDocument, encodeMessage, KINDS, type Message } from '@boardlet/adapters/wire';
import type { Bench, Figure, Goal } from './figure.ts';

const TAG = 0x9a3c77e1;
const SEQ = 40_000;
const TWIN = 'default/pump-1/temp';

const size = (message: Message): number => encodeMessage(message).length;

const twin = (value: number): Message => ({
  type: 'up',
  tag: TAG,
  seq: SEQ,
  b: 0,
  ops: [{ op: 'put', kind: KINDS.twin, name: TWIN, body: encodeDocument('twin', { value }) }],
  tMs: 123_456_789,
});

const podStatus: Message = {
  type: 'up',
  tag: TAG,
  seq: SEQ,
  b: 0,
  ops: [
    {
      op: 'put',
      kind: KINDS.podStatus,
      name: 'default/web-7c9d4b6f5-x2x7q',
      body: encodeDocument('podStatus', {
        uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
        phase: 'Running',
        startedAt: 1_767_225_600_000,
        containers: [
          { name: 'app', state: 'running', restarts: 0, ready: true, startedAt: 1_767_225_600_500 },
        ],
      }),
    },
  ],
};

const birth: Message = {
  type: 'birth',
  tag: TAG,
  seq: 1,
  versions: [1],
  realm: new Uint8Array(8).fill(0xa5),
  mark: 0,
  uptimeMs: 123_456,
  digests: [{ b: 0, desired: TAG, reported: TAG }],
  boards: [{ b: 0, id: 'press-17', boots: 0 }],
  maxMessage: 65_536,
  kindsRead: 0x4da,
};

function bytes(name: string, value: number, peer: number | undefined, goal?: Goal): Figure {
  return {
    bench: 'wire',
    name,
    value,
    unit: 'B',
    ...(goal === undefined ? {} : { goal }),
    ...(peer === undefined ? {} : { peer: { name: 'KubeEdge', value: peer } }),
  };
}

export const wireBench: Bench = {
  name: 'wire',
  run: () =>
    Promise.resolve([
      bytes('wire.beat_bytes', size({ type: 'beat', tag: TAG, seq: SEQ, stamp: 0xb1947f03 }), 515, {
        op: '<=',
        value: 24,
      }),
      bytes('wire.birth_bytes', size(birth), 2340),
      bytes('wire.twin_update_bytes', size(twin(21.537)), 375, { op: '<=', value: 48 }),
      bytes('wire.pod_status_bytes', size(podStatus), 1304),
    ]),
};
