import { encodeWith } from './codec.ts';
import * as layouts from './message-shapes.ts';
import type { DownMessage, Message, StreamMessage, UpMessage } from './messages.ts';
import { CborReader, type DecodeLimits } from './reader.ts';
import { LIMITS, WIRE_ERRORS } from './registry.ts';
import { type Loose, readMap, readRow, rowLength, skipRest, writeMap, writeRow } from './shape.ts';
import type { Decoded } from './value.ts';
import { type CborWriter, unencodable } from './writer.ts';

type Layout = layouts.MessageLayout;
type Layouts = ReadonlyMap<number, Layout>;

const { BEAT, BIRTH, UP, JOURNAL, LIST, DEATH, REFUSE } = layouts;
const { HELLO, DOWN, ASK, FETCH, JACK, DROP, OPEN, DATA, CREDIT, END } = layouts;

const byCode = (list: readonly Layout[]): Layouts => new Map(list.map((l) => [l.code, l]));

const UP_LAYOUTS = byCode([BEAT, BIRTH, UP, JOURNAL, LIST, DEATH, REFUSE]);
const DOWN_LAYOUTS = byCode([HELLO, DOWN, ASK, FETCH, JACK, DROP, REFUSE]);
const STREAM_LAYOUTS = byCode([OPEN, DATA, CREDIT, END]);
const ALL_LAYOUTS: Layouts = new Map([...UP_LAYOUTS, ...DOWN_LAYOUTS, ...STREAM_LAYOUTS]);
const LAYOUTS_BY_TYPE: ReadonlyMap<string, Layout> = new Map(
  [...ALL_LAYOUTS.values()].map((layout) => [layout.type, layout]),
);

/** Encodes a message. Bodies of puts and arguments of streams are spliced in as they are. Throws BL_WIRE_UNENCODABLE
 * when a field is missing or out of the range that boardlet.cddl gives it. The result may be longer than the peer's
 * max-message: the caller splits. */
export function encodeMessage(message: Message): Uint8Array {
  const layout = LAYOUTS_BY_TYPE.get(message.type);
  if (layout === undefined) throw unencodable('unknown message type', { type: message.type });
  return encodeWith(Number.MAX_SAFE_INTEGER, (writer) =>
    writeMessage(writer, layout, message as unknown as Readonly<Loose>),
  );
}

function writeMessage(writer: CborWriter, layout: Layout, value: Readonly<Loose>): void {
  const extra = 1 + (layout.unfenced ? 1 : 0) + (layout.map === undefined ? 0 : 1);
  writer.array(extra + rowLength(layout.lead, value) + rowLength(layout.rest, value));
  writer.uint(layout.code);
  writeRow(writer, layout.lead, value);
  if (layout.unfenced) writer.uint(0);
  writeRow(writer, layout.rest, value);
  if (layout.map !== undefined) writeMap(writer, layout.map, value);
}

/** Decodes what a link sends on its topics `u`, `j` and `w`. `BL_WIRE_UNKNOWN_TYPE` is for the caller to count and
 * ignore, since the peer may be newer; every other code says that the peer is wrong. Byte strings alias `bytes`. */
export function decodeUp(bytes: Uint8Array, limits?: DecodeLimits): Decoded<UpMessage> {
  return decodeBy(UP_LAYOUTS, bytes, limits) as Decoded<UpMessage>;
}

/** Decodes what a bridge sends on a link's topic `d`; as `decodeUp`. */
export function decodeDown(bytes: Uint8Array, limits?: DecodeLimits): Decoded<DownMessage> {
  return decodeBy(DOWN_LAYOUTS, bytes, limits) as Decoded<DownMessage>;
}

/** Decodes what either side sends on the stream topics `s` and `r`; as `decodeUp`. */
export function decodeStream(bytes: Uint8Array, limits?: DecodeLimits): Decoded<StreamMessage> {
  return decodeBy(STREAM_LAYOUTS, bytes, limits) as Decoded<StreamMessage>;
}

/** Decodes a message of any direction: for tools and traces. */
export function decodeMessage(bytes: Uint8Array, limits?: DecodeLimits): Decoded<Message> {
  return decodeBy(ALL_LAYOUTS, bytes, limits) as Decoded<Message>;
}

function decodeBy(table: Layouts, bytes: Uint8Array, limits?: DecodeLimits): Decoded<Loose> {
  const reader = new CborReader(bytes, { maxBytes: LIMITS.messageBytes, ...limits });
  return reader.finish(readMessage(reader, table));
}

function readMessage(reader: CborReader, table: Layouts): Loose | undefined {
  const count = reader.array();
  if (count === undefined) return undefined;
  if (count === 0) return reader.fail(WIRE_ERRORS.missing);
  const start = reader.offset;
  const code = reader.uint();
  if (code === undefined) return reader.within('type');
  const layout = table.get(code);
  if (layout === undefined) return reader.fail(WIRE_ERRORS.unknownType, start);
  return readPlaces(reader, layout, count - 1);
}

function readPlaces(reader: CborReader, layout: Layout, count: number): Loose | undefined {
  const message: Loose = { type: layout.type };
  const led = layout.lead.length + (layout.unfenced ? 1 : 0);
  if (readRow(reader, layout.lead, count, message) === undefined) return undefined;
  if (layout.unfenced && !readZero(reader, count > layout.lead.length)) return undefined;
  const rest = Math.max(0, count - led);
  if (readRow(reader, layout.rest, rest, message) === undefined) return undefined;
  const left = rest - layout.rest.length;
  if (layout.map === undefined) return skipRest(reader, left) ? message : undefined;
  if (left < 1) return reader.fail(WIRE_ERRORS.missing);
  if (readMap(reader, layout.map, message) === undefined) return undefined;
  return skipRest(reader, left - 1) ? message : undefined;
}

function readZero(reader: CborReader, present: boolean): boolean {
  if (!present) reader.fail(WIRE_ERRORS.missing);
  return reader.uint(0) !== undefined;
}
