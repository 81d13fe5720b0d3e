/** Which link carries which board, and what the boards report. */
import type { OfflineReason, ReportedChange, ReportedSink } from './contract.ts';

interface Row<Holder> {
  readonly holder: Holder;
  readonly reported: Map<string, ReportedChange>;
  online: boolean;
}

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

  /** A board on another link starts anew, from what that link's machine holds of it. */
  up(board: string, holder: Holder, held: () => readonly ReportedChange[]): void {
    const row = this.#rows.get(board);
    if (row?.holder === holder) {
      row.online = true;
      this.#sink.boardUp(board, holder.link);
      return;
    }
    this.#rows.set(board, { holder, reported: new Map(), online: true });
    this.#sink.boardUp(board, holder.link);
    const changes = held();
    if (changes.length > 0) this.take(board, holder, changes);
  }

  down(board: string, reason: OfflineReason): void {
    const row = this.#rows.get(board);
    if (row === undefined) return;
    row.online = false;
    this.#sink.boardDown(board, reason);
  }

  take(board: string, holder: Holder, changes: readonly ReportedChange[]): void {
    const row = this.#rows.get(board);
    if (row?.holder !== holder) return;
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
