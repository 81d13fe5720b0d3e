/** What it costs to make two sets equal again after changes were lost: real machines, real messages, counted. */
import { BoardSide, BridgeSide, elapse, exchange, type Letter } from './pair.ts';
import { REPORTED_KIND, versionedBody } from './truth.ts';

export interface SyncCost {
  readonly documents: number;
  readonly changed: number;
  /** Repair traffic both ways with MQTT 5 headers (topic alias), the documents themselves not counted. */
  readonly bytes: number;
  /** The documents that were sent again, with headers. */
  readonly documentBytes: number;
  readonly messages: number;
  /** Lists until all differences were known. */
  readonly rounds: number;
}

/** Bytes of a PUBLISH with a topic alias and an empty topic (MQTT 5.0 §3.3): 1 + length + 2 + [2] + 1 + 3 + payload. */
export function mqtt5Bytes(payload: number, qos: 0 | 1): number {
  const remaining = 2 + (qos === 1 ? 2 : 0) + 4 + payload;
  const lengthBytes = remaining < 128 ? 1 : remaining < 16_384 ? 2 : 3;
  return 1 + lengthBytes + remaining;
}

const report = (board: BoardSide, i: number, version: number, now: number): void => {
  board.step(
    {
      type: 'report',
      b: 0,
      kind: REPORTED_KIND,
      name: `default/device-${i >> 4}/property-${i}`,
      body: versionedBody(version),
    },
    now,
  );
};

function tally(letters: readonly Letter[]): Omit<SyncCost, 'documents' | 'changed'> {
  let bytes = 0;
  let documentBytes = 0;
  let messages = 0;
  let rounds = 0;
  for (const { message, bytes: payload, qos } of letters) {
    if (message.type === 'beat') continue;
    messages++;
    if (message.type === 'up') documentBytes += mqtt5Bytes(payload.length, qos);
    else bytes += mqtt5Bytes(payload.length, qos);
    if (message.type === 'list') rounds++;
  }
  return { bytes, documentBytes, messages, rounds };
}

/** `changed` of `documents` reported values are lost on their way; counts from the beat that tells so until both are equal.
 * Throws when they are not equal after three beats. */
export function syncCost(documents: number, changed: number): SyncCost {
  const board = new BoardSide(['board-0'], 0);
  const bridge = new BridgeSide(0);
  board.connect(0);
  exchange(board, bridge, 0);
  for (let i = 0; i < documents; i++) report(board, i, i, 10);
  elapse(board, bridge, 10, 5000);
  for (let i = 0; i < changed; i++)
    report(board, Math.floor((i * documents) / changed), 1_000_000 + i, 6000);
  board.sent = [];
  board.step({ type: 'tick' }, 7000);
  board.sent = [];
  const repair = elapse(board, bridge, 8000, 38_000);
  const { compared, differed } = bridge.machine.view().counters;
  if (compared === 0 || differed > 2) throw new Error(`not equal after ${differed} comparisons`);
  return { documents, changed, ...tally(repair) };
}

/** The sizes of docs/protocol.md §7. */
export function syncCosts(): SyncCost[] {
  return [
    syncCost(10, 1),
    syncCost(10, 10),
    syncCost(100, 1),
    syncCost(100, 10),
    syncCost(1000, 1),
    syncCost(1000, 10),
    syncCost(1000, 100),
  ];
}
