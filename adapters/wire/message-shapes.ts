/** The layout of each message, declared once for both directions; boardlet.cddl is the normative form. */
import type {
  Ask,
  Beat,
  Birth,
  BoardDigest,
  BoardEntry,
  Credit,
  Data,
  Death,
  Down,
  Drop,
  End,
  Fetch,
  Hello,
  Jack,
  Journal,
  List,
  Message,
  Open,
  Prefix,
  Refuse,
  SetId,
  StagingEntry,
  Up,
} from './messages.ts';
import { dh, kh, op, page, prefix } from './ops.ts';
import { BIRTH_KEYS, HELLO_KEYS, LIMITS, MESSAGES, OPEN_KEYS } from './registry.ts';
import {
  bytes,
  type Codec,
  encoded,
  type Fields,
  list,
  MAX_U32,
  type MapLayout,
  mapLayout,
  onlyTrue,
  optional,
  required,
  row,
  type Slot,
  slotsOf,
  text,
  uint,
} from './shape.ts';

export type MessageType = Message['type'];

export interface MessageLayout {
  readonly type: MessageType;
  readonly code: number;
  /** Place 1: `tag` or `echo`. */
  readonly lead: readonly Slot[];
  /** Place 2 is the literal 0: the message stands outside the fence of tag and seq. */
  readonly unfenced: boolean;
  /** The further places. */
  readonly rest: readonly Slot[];
  /** The map behind the places, if the message has one. */
  readonly map: MapLayout | undefined;
}

function layout<T extends Message>(
  type: T['type'],
  fields: Fields<Omit<T, 'type'>>,
  unfenced = false,
): MessageLayout {
  const slots = slotsOf(fields);
  const places = slots.filter((slot) => slot.key === undefined);
  return {
    type,
    code: MESSAGES[type],
    lead: places.slice(0, 1),
    unfenced,
    rest: places.slice(1),
    map: places.length < slots.length ? mapLayout(slots) : undefined,
  };
}

const u32 = uint({ max: MAX_U32 });
const tag = uint({ min: 1, max: MAX_U32 });
const number = uint();
const realm = bytes({ min: 8, max: 8 });
const maxMessage = uint({ min: LIMITS.maxMessageFloorBytes });
const boards = { min: 1, max: LIMITS.boardsPerLink };
const set = uint({ max: 1 }) as Codec<SetId>;
const ops = required(list(op, { min: 1 }));
const fenced = { tag: required(tag), seq: required(u32), b: required(number) };

const digest = row<BoardDigest>({
  b: required(number),
  desired: required(u32),
  reported: required(u32),
});
const board = row<BoardEntry>({
  b: required(number),
  id: required(text({ min: 1, max: LIMITS.nameBytes })),
  boots: required(number),
});
const staging = row<StagingEntry>({
  b: required(number),
  kh: required(kh),
  dh: required(dh),
  have: required(number),
});

export const BEAT: MessageLayout = layout<Beat>('beat', {
  tag: required(tag),
  seq: required(u32),
  stamp: required(u32),
  dseq: optional(u32),
});

export const BIRTH: MessageLayout = layout<Birth>('birth', {
  tag: required(tag),
  seq: required(u32),
  versions: optional(list(number, { min: 1, max: 16 }), BIRTH_KEYS.versions),
  realm: optional(realm, BIRTH_KEYS.realm),
  mark: required(number, BIRTH_KEYS.mark),
  uptimeMs: required(number, BIRTH_KEYS.uptimeMs),
  digests: required(list(digest, { max: LIMITS.boardsPerLink }), BIRTH_KEYS.digests),
  boards: optional(list(board, boards), BIRTH_KEYS.boards),
  maxMessage: optional(maxMessage, BIRTH_KEYS.maxMessage),
  kindsRead: optional(number, BIRTH_KEYS.kindsRead),
  staging: optional(list(staging, boards), BIRTH_KEYS.staging),
  dseq: optional(u32, BIRTH_KEYS.dseq),
  more: optional(onlyTrue, BIRTH_KEYS.more),
});

export const UP: MessageLayout = layout<Up>('up', { ...fenced, ops, tMs: optional(number) });

export const JOURNAL: MessageLayout = layout<Journal>(
  'journal',
  {
    tag: required(tag),
    b: required(number),
    segment: required(u32),
    first: required(number),
    lost: required(number),
    entries: required(
      list(bytes({ max: LIMITS.journalEntryBytes }), { min: 1, max: LIMITS.journalPerMessage }),
    ),
  },
  true,
);

export const LIST: MessageLayout = layout<List>('list', {
  tag: required(tag),
  seq: required(u32),
  dseq: required(u32),
  b: required(number),
  set: required(set),
  pages: required(list(page, { min: 1 })),
});

export const DEATH: MessageLayout = layout<Death>('death', {
  tag: required(tag),
  reason: optional(number),
});

export const REFUSE: MessageLayout = layout<Refuse>('refuse', {
  ...fenced,
  code: required(number),
  kh: optional(kh),
  dh: optional(dh),
});

export const HELLO: MessageLayout = layout<Hello>(
  'hello',
  {
    echo: required(u32),
    ses: required(tag, HELLO_KEYS.ses),
    version: required(number, HELLO_KEYS.version),
    realm: required(realm, HELLO_KEYS.realm),
    beatS: required(uint({ min: 1 }), HELLO_KEYS.beatS),
    paceMs: required(number, HELLO_KEYS.paceMs),
    maxMessage: required(maxMessage, HELLO_KEYS.maxMessage),
    kindsRead: optional(number, HELLO_KEYS.kindsRead),
    want: optional(number, HELLO_KEYS.want),
    unixMs: optional(number, HELLO_KEYS.unixMs),
  },
  true,
);

export const DOWN: MessageLayout = layout<Down>('down', {
  ...fenced,
  mark: required(number),
  ops,
});

export const ASK: MessageLayout = layout<Ask>('ask', {
  ...fenced,
  set: required(set),
  prefixes: required(list<Prefix>(prefix)),
});

export const FETCH: MessageLayout = layout<Fetch>('fetch', {
  ...fenced,
  khs: required(list(kh, { min: 1 })),
});

export const JACK: MessageLayout = layout<Jack>('jack', {
  ...fenced,
  segment: required(u32),
  n: required(number),
});

export const DROP: MessageLayout = layout<Drop>('drop', fenced);

export const OPEN: MessageLayout = layout<Open>('open', {
  tag: required(tag),
  id: required(number),
  b: required(number, OPEN_KEYS.b),
  streamType: required(number, OPEN_KEYS.type),
  args: required(encoded, OPEN_KEYS.args),
});

export const DATA: MessageLayout = layout<Data>('data', {
  tag: required(tag),
  id: required(number),
  off: required(number),
  bytes: required(bytes({ max: LIMITS.streamChunkBytes })),
});

export const CREDIT: MessageLayout = layout<Credit>('credit', {
  tag: required(tag),
  id: required(number),
  ack: required(number),
  limit: required(number),
});

export const END: MessageLayout = layout<End>('end', {
  tag: required(tag),
  id: required(number),
  code: required(number),
});
