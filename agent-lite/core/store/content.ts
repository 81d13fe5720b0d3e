/** What the store holds, in memory: bodies are shared with replication, so this costs keys and maps. */
import type { StoredBoard, StoredDocument, StoredLink } from '../replication/store-contract.ts';
import type { Entry } from './entries.ts';

interface Run {
  readonly segment: number;
  first: number;
  readonly entries: Uint8Array[];
}
interface Board {
  readonly desired: Map<string, StoredDocument>;
  readonly reported: Map<string, StoredDocument>;
  /** Oldest first. A segment has one run, or more where an entry could not be stored. */
  readonly journal: Run[];
  lost: number;
}
type KeyedEntry = Extract<Entry, { type: 'put' | 'remove' }>;
type BoardEntry = Extract<Entry, { readonly board: string }>;

/** Framing, kind and lengths of an entry beside its texts and body, at most (texts beyond ASCII are longer). */
const ENTRY_BYTES = 24;

const keyOf = (entry: KeyedEntry): string => `${entry.kind} ${entry.name}`;
const sizeOf = (board: string, name: string, body: Uint8Array): number =>
  ENTRY_BYTES + board.length + name.length + body.length;

export interface Content {
  readonly apply: (entry: Entry) => void;
  /** Bytes that a snapshot would take, about. */
  readonly liveBytes: () => number;
  /** By how much `liveBytes` would grow: exact for one entry, an upper bound for several of one key. */
  readonly growth: (entry: Entry) => number;
  readonly entries: () => Iterable<Entry>;
  readonly link: () => StoredLink;
}

export function createContent(): Content {
  const boards = new Map<string, Board>();
  let mark = 0;
  let boots = 0;
  let realm: Uint8Array | undefined;
  let live = 0;

  const boardOf = (id: string): Board => {
    const known = boards.get(id);
    if (known !== undefined) return known;
    const made: Board = { desired: new Map(), reported: new Map(), journal: [], lost: 0 };
    boards.set(id, made);
    return made;
  };
  const stored = (entry: KeyedEntry): StoredDocument | undefined =>
    boards.get(entry.board)?.[entry.set].get(keyOf(entry));
  const forgetIfEmpty = (id: string, board: Board): void => {
    const empty =
      board.desired.size + board.reported.size + board.journal.length + board.lost === 0;
    if (empty) boards.delete(id);
  };
  const growth = (entry: Entry): number => {
    if (entry.type === 'append') return sizeOf(entry.board, '', entry.entry);
    if (entry.type === 'trim') return -trimmedBytes(boards.get(entry.board), entry);
    if (entry.type !== 'put' && entry.type !== 'remove') return 0;
    const before = stored(entry);
    const old = before === undefined ? 0 : sizeOf(entry.board, before.name, before.body);
    return (entry.type === 'put' ? sizeOf(entry.board, entry.name, entry.body) : 0) - old;
  };
  const applyToBoard = (entry: BoardEntry): void => {
    const board = boardOf(entry.board);
    if (entry.type === 'put')
      board[entry.set].set(keyOf(entry), { kind: entry.kind, name: entry.name, body: entry.body });
    else if (entry.type === 'remove') board[entry.set].delete(keyOf(entry));
    else if (entry.type === 'append') append(board, entry);
    else trim(board, entry);
    forgetIfEmpty(entry.board, board);
  };
  return {
    liveBytes: () => live,
    growth,
    apply: (entry) => {
      live += growth(entry);
      if (entry.type === 'mark') mark = entry.mark;
      else if (entry.type === 'boots') boots = entry.boots;
      else if (entry.type === 'realm') realm = entry.realm;
      else if (entry.type !== 'end') applyToBoard(entry);
    },
    entries: function* () {
      yield { type: 'boots', boots };
      yield { type: 'mark', mark };
      if (realm !== undefined) yield { type: 'realm', realm };
      for (const [id, board] of boards) yield* boardEntries(id, board);
    },
    link: () => ({
      mark,
      boots,
      ...(realm === undefined ? {} : { realm }),
      boards: Array.from(boards, ([id, board]) => storedBoard(id, board)),
    }),
  };
}

function append(board: Board, entry: Extract<Entry, { type: 'append' }>): void {
  const last = board.journal.at(-1);
  const follows =
    last !== undefined &&
    last.segment === entry.segment &&
    last.first + last.entries.length === entry.n;
  if (follows) last.entries.push(entry.entry);
  else board.journal.push({ segment: entry.segment, first: entry.n, entries: [entry.entry] });
}

const countTrimmed = (run: Run, n: number): number =>
  Math.max(0, Math.min(run.entries.length, n - run.first + 1));

function trimmedBytes(board: Board | undefined, entry: Extract<Entry, { type: 'trim' }>): number {
  let bytes = 0;
  for (const run of board?.journal ?? []) {
    if (run.segment !== entry.segment) continue;
    for (const gone of run.entries.slice(0, countTrimmed(run, entry.n)))
      bytes += sizeOf(entry.board, '', gone);
  }
  return bytes;
}

function trim(board: Board, entry: Extract<Entry, { type: 'trim' }>): void {
  for (const run of board.journal) {
    if (run.segment !== entry.segment) continue;
    const count = countTrimmed(run, entry.n);
    run.entries.splice(0, count);
    run.first += count;
  }
  const left = board.journal.filter((run) => run.entries.length > 0);
  board.journal.splice(0, board.journal.length, ...left);
  board.lost = entry.lost;
}

function* boardEntries(board: string, content: Board): Iterable<Entry> {
  for (const set of ['desired', 'reported'] as const)
    for (const document of content[set].values()) yield { type: 'put', set, board, ...document };
  // Before the entries, so that it trims none of them: it only carries the count.
  if (content.lost > 0) yield { type: 'trim', board, segment: 0, n: 0, lost: content.lost };
  for (const run of content.journal)
    for (const [i, entry] of run.entries.entries())
      yield { type: 'append', board, segment: run.segment, n: run.first + i, entry };
}

function storedBoard(id: string, board: Board): StoredBoard {
  return {
    id,
    desired: [...board.desired.values()],
    reported: [...board.reported.values()],
    journal: board.journal.map((run) => ({ ...run, entries: [...run.entries] })),
    lost: board.lost,
  };
}
