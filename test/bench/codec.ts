/** The wire codec beside JSON and cbor-x, on one twin update and one pod status. */
import { type CborValue, decode, encode } from '@boardlet/adapters/wire';
import { Decoder, Encoder } from 'cbor-x';
import type { Bench, BenchContext, Figure } from './figure.ts';

const status = new Map<number, CborValue>([
  [1, new Uint8Array(16).fill(7)],
  [2, 1],
  [3, 1_767_225_600_000],
  [
    4,
    [
      new Map<number, CborValue>([
        [1, 'app'],
        [2, 1],
        [3, 0],
        [4, 1_767_225_600_500],
        [10, true],
      ]),
    ],
  ],
]);
const twin: CborValue = [
  2,
  0x9a3c77e1,
  40_000,
  0,
  [[5, 'default/pump-1/temp', 21.537]],
  123_456_789,
];

function opsPerSecond(work: () => void, budgetMs: number): number {
  for (let i = 0; i < 2_000; i++) work();
  const until = performance.now() + budgetMs;
  let n = 0;
  while (performance.now() < until) {
    for (let i = 0; i < 200; i++) work();
    n += 200;
  }
  return (n / budgetMs) * 1000;
}

function plain(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([k, v]) => [String(k), plain(v)]));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return Array.isArray(value) ? value.map(plain) : value;
}

function measure(name: string, value: CborValue, { quick }: BenchContext): Figure[] {
  const budgetMs = quick ? 150 : 1_000;
  const options = {
    useRecords: false,
    mapsAsObjects: false,
    tagUint8Array: false,
    variableMapSize: true,
  };
  const peer = new Encoder(options);
  const peerDecoder = new Decoder(options);
  const ours = encode(value);
  const theirs = peer.encode(value);
  const json = plain(value);
  const text = JSON.stringify(json);
  const figure = (
    what: string,
    run: () => void,
    peerName: string,
    peerRun: () => void,
  ): Figure => ({
    bench: 'codec',
    name: `codec.${name}_${what}_per_s`,
    value: opsPerSecond(run, budgetMs),
    unit: '1/s',
    peer: { name: peerName, value: opsPerSecond(peerRun, budgetMs) },
  });
  return [
    figure(
      'encode',
      () => encode(value),
      'cbor-x',
      () => peer.encode(value),
    ),
    figure(
      'decode',
      () => decode(ours),
      'cbor-x',
      () => peerDecoder.decode(theirs),
    ),
    figure(
      'encode_vs_json',
      () => encode(value),
      'JSON',
      () => JSON.stringify(json),
    ),
    figure(
      'decode_vs_json',
      () => decode(ours),
      'JSON',
      () => JSON.parse(text),
    ),
  ];
}

export const codecBench: Bench = {
  name: 'codec',
  run: (context) =>
    Promise.resolve([...measure('twin', twin, context), ...measure('pod_status', status, context)]),
};
