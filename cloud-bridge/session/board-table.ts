/** Which link carries which board, and what the boards report. */
import type { OfflineReason, ReportedChange, ReportedSink } from './contract.ts';
import type { ReplicaEffect } from './replica-types.ts';

interface Row<Holder> {
  readonly holder: Holder;
  readonly reported: Map<string, ReportedChange>;
  online: boolean;
}

export type BoardEffect = Extract<
  ReplicaEffect,
  { readonly type: 'up' | 'down' | 'reported' | 'synced' | 'duplicate' }
>;

/** `Holder` is a link's record; it has the link's id. */
export class BoardTable<Holder extends { readonly link: string }> {
  readonly #sink: ReportedSink;
  readonly #rows = new Map<string, Row<Holder>>();

  constructor(sink: ReportedSink) {
    this.#sink = sink;
  }

  holder(board: string): Holder | undefined {
    return this.#rows.get(board)?.holder;
  }
  online(board: string): boolean {
    return this.#rows.get(board)?.online ?? false;
  }
  /** By `<kind>/<name>`. */
  reported(board: string): ReadonlyMap<string, ReportedChange> {
    return this.#rows.get(board)?.reported ?? new Map();
  }

  /** What a link says of a board. `held`: what it reported there before, for a board that comes from another link. */
  apply(effect: BoardEffect, holder: Holder, held: () => readonly ReportedChange[]): void {
    if (effect.type === 'up') {
      this.#up(effect.board, holder, held);
      return;
    }
    const row = this.#rows.get(effect.board);
    // A link that carried it before has no say any more.
    if (row?.holder !== holder) return;
    switch (effect.type) {
      case 'down':
        this.#down(effect.board, row, effect.reason);
        return;
      case 'reported':
        this.#take(effect.board, row, effect.changes);
        return;
      case 'synced':
        this.#sink.synced(effect.board);
        return;
      case 'duplicate':
        this.#sink.duplicate(effect.board, effect.present);
    }
  }

  /** A board on another link starts anew, from what that link's machine holds of it. */
  #up(board: string, holder: Holder, held: () => readonly ReportedChange[]): void {
    const row = this.#rows.get(board);
    if (row?.holder === holder) {
      row.online = true;
      this.#sink.boardUp(board, holder.link);
      return;
    }
    const fresh: Row<Holder> = { holder, reported: new Map(), online: true };
    this.#rows.set(board, fresh);
    this.#sink.boardUp(board, holder.link);
    const changes = held();
    if (changes.length > 0) this.#take(board, fresh, changes);
  }

  #down(board: string, row: Row<Holder>, reason: OfflineReason): void {
    row.online = false;
    this.#sink.boardDown(board, reason);
  }

  #take(board: string, row: Row<Holder>, changes: readonly ReportedChange[]): void {
    for (const change of changes) {
      const key = `${change.kind}/${change.name}`;
      if (change.body === undefined) row.reported.delete(key);
      else row.reported.set(key, change);
    }
    this.#sink.reported(board, changes);
  }

  /** Without a word to the sink: another replica speaks for these boards now. */
  forget(holder: Holder): void {
    for (const [board, row] of this.#rows) if (row.holder === holder) this.#rows.delete(board);
  }
}
