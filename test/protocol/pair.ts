/** A link machine and replica machines side by side, step by step: scenarios decide which message arrives when. */
import { Hasher } from '@boardlet/adapters/sets';
import { decodeMessage, encodeMessage, type Message } from '@boardlet/adapters/wire';
import {
  createLinkMachine,
  type LinkEffect,
  type LinkInput,
  type LinkMachine,
  type LinkMachineOptions,
  type StoredLink,
} from '@boardlet/agent-lite/core';
import {
  createReplicaMachine,
  type DesiredDocument,
  type ReplicaEffect,
  type ReplicaInput,
  type ReplicaMachine,
  type ReplicaOptions,
} from '@boardlet/cloud-bridge/session';
import { sha256 } from './board-host.ts';
import { LINK, REALM } from './bridge-host.ts';
import { DESIRED_KIND, REPORTED_KIND, versionedBody } from './truth.ts';

let nextRandom = 1000;
/** Never the same twice. */
export const random32 = (): number => ++nextRandom * 7919;

export interface Letter {
  readonly channel: string;
  readonly message: Message;
  readonly bytes: Uint8Array;
  readonly qos: 0 | 1;
}

function letter(effect: Extract<LinkEffect | ReplicaEffect, { type: 'publish' }>): Letter {
  const decoded = decodeMessage(effect.bytes);
  if (!decoded.ok) throw new Error(`sent what does not decode: ${decoded.code}`);
  return {
    channel: effect.channel,
    message: decoded.value,
    bytes: effect.bytes,
    qos: effect.qos,
  };
}

export class BoardSide {
  readonly machine: LinkMachine;
  /** Sent and not delivered. */
  sent: Letter[] = [];
  readonly effects: LinkEffect[] = [];
  readonly stored: StoredLink;
  /** Commits are answered at once unless this is false. */
  commits = true;
  commitResult: { readonly ok: boolean; readonly code?: string } = { ok: true };

  constructor(boards: readonly string[], now: number, options: Partial<LinkMachineOptions> = {}) {
    this.stored = options.stored ?? { mark: 0, boots: 1, boards: [] };
    this.machine = createLinkMachine({
      boards,
      stored: this.stored,
      versions: [1],
      kindsRead: 1 << DESIRED_KIND,
      maxMessage: 65_536,
      sha256,
      random32,
      valid: () => true,
      accept: () => 1,
      ...options,
    });
    this.step({ type: 'start' }, now);
  }

  step(input: LinkInput, now: number): void {
    for (const effect of this.machine.step(input, now)) {
      if (effect.type === 'publish') {
        this.sent.push(letter(effect));
        if (effect.id !== 0)
          this.step({ type: 'published', id: effect.id, ok: true, taken: true }, now);
      } else this.effects.push(effect);
      if (effect.type === 'commit' && this.commits)
        this.step({ type: 'committed', ...this.commitResult }, now);
    }
  }

  connect(now: number): void {
    this.step({ type: 'connected', maxPayloadBytes: 65_536 }, now);
  }
  take({ channel, bytes }: Letter, now: number): void {
    this.step({ type: 'message', channel: channel === 'r' ? 'r' : 'd', bytes }, now);
  }
  applied(): string[] {
    return this.effects.flatMap((e) =>
      e.type === 'apply'
        ? e.changes.map((c) => `${c.body === undefined ? '-' : '+'}${c.name}`)
        : [],
    );
  }
}

export class BridgeSide {
  readonly machine: ReplicaMachine;
  sent: Letter[] = [];
  readonly effects: ReplicaEffect[] = [];
  readonly documents: Map<string, DesiredDocument> = new Map();
  revision = 1;
  warm = true;
  holder = true;

  constructor(now: number, options: Partial<ReplicaOptions> = {}) {
    this.machine = createReplicaMachine({
      link: LINK,
      source: {
        warm: () => this.warm,
        revision: () => this.revision,
        readRevision: () => Promise.resolve(this.revision),
        documents: () => this.documents.values(),
        document: (_board, _kind, name) => this.documents.get(name),
        onChange: () => undefined,
      },
      entitled: () => true,
      hasher: new Hasher(sha256),
      realm: REALM,
      versions: [1],
      beatS: 10,
      paceMs: 1000,
      maxMessage: 65_536,
      kindsRead: 1 << REPORTED_KIND,
      random32,
      unixMs: () => 1_700_000_000_000,
      roomy: () => true,
      accept: () => 1,
      ...options,
    });
    this.step({ type: 'connected' }, now);
  }

  step(input: ReplicaInput, now: number): void {
    for (const effect of this.machine.step(input, now)) {
      if (effect.type === 'publish') this.sent.push(letter(effect));
      else this.effects.push(effect);
      if (effect.type === 'lease-read' && this.holder)
        this.step({ type: 'lease', tags: [effect.tag] }, now);
      if (effect.type === 'journal')
        this.step({ type: 'journal-done', ticket: effect.ticket, ok: true }, now);
    }
  }

  take({ channel, bytes }: Letter, now: number): void {
    if (channel === 'u' || channel === 'j' || channel === 's' || channel === 'w')
      this.step({ type: 'message', channel, bytes }, now);
  }

  set(name: string, version: number, now: number, board = 'board-0', bytes = 0): void {
    this.revision++;
    const body = versionedBody(version, bytes);
    this.documents.set(name, { kind: DESIRED_KIND, name, body, revision: this.revision });
    this.#changed(board, name, now);
  }
  remove(name: string, now: number, board = 'board-0'): void {
    this.revision++;
    this.documents.delete(name);
    this.#changed(board, name, now);
  }

  notices(): string[] {
    return this.effects.flatMap((e) => (e.type === 'notice' ? [e.reason] : []));
  }
  states(): string[] {
    return this.effects.flatMap((e) =>
      e.type === 'up' ? ['up'] : e.type === 'down' ? [e.reason] : [],
    );
  }

  #changed(board: string, name: string, now: number): void {
    const { revision } = this;
    this.step({ type: 'changed', board, kind: DESIRED_KIND, name, revision }, now);
  }
}

/** Delivers everything both ways, in order, until nothing is left; `filter` may drop. */
export function exchange(
  board: BoardSide,
  bridge: BridgeSide,
  now: number,
  filter: (letter: Letter) => boolean = () => true,
): Letter[] {
  const delivered: Letter[] = [];
  for (let i = 0; i < 1000 && board.sent.length + bridge.sent.length > 0; i++) {
    for (const up of board.sent.splice(0)) {
      if (!filter(up)) continue;
      delivered.push(up);
      bridge.take(up, now);
    }
    for (const down of bridge.sent.splice(0)) {
      if (!filter(down)) continue;
      delivered.push(down);
      board.take(down, now);
    }
  }
  return delivered;
}

/** Both ticked and everything delivered, second by second. */
export function elapse(board: BoardSide, bridge: BridgeSide, from: number, to: number): Letter[] {
  const delivered: Letter[] = [];
  for (let now = from; now <= to; now += 100) {
    board.step({ type: 'tick' }, now);
    bridge.step({ type: 'tick' }, now);
    delivered.push(...exchange(board, bridge, now));
  }
  return delivered;
}

export function greeted(
  boards: readonly string[] = ['board-0'],
  options: Partial<ReplicaOptions> = {},
): {
  readonly board: BoardSide;
  readonly bridge: BridgeSide;
} {
  const board = new BoardSide(boards, 0);
  const bridge = new BridgeSide(0, options);
  board.connect(0);
  exchange(board, bridge, 0);
  return { board, bridge };
}

/** As from outside. */
export function fromOutside(channel: string, message: Message): Letter {
  return { channel, message, bytes: encodeMessage(message), qos: 1 };
}
