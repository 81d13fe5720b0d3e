import type { CborReader } from './reader.ts';
import { WIRE_ERRORS } from './registry.ts';
import type { Codec } from './shape.ts';

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;

/** A Kubernetes uid: 16 bytes when it is a UUID in lower case with hyphens (RFC 9562), else text. One uid has one form. */
export const uid: Codec<string> = {
  write: (writer, value) => {
    if (CANONICAL.test(value)) writer.bytes(uuidBytes(value));
    else writer.text(value);
  },
  read: (reader) => (reader.nextIsBytes() ? readUuid(reader) : readText(reader)),
};

function readUuid(reader: CborReader): string | undefined {
  const bytes = reader.bytes(UUID_BYTES, UUID_BYTES);
  return bytes === undefined ? undefined : uuidText(bytes);
}

function readText(reader: CborReader): string | undefined {
  const start = reader.offset;
  const value = reader.text();
  return value !== undefined && CANONICAL.test(value)
    ? reader.fail(WIRE_ERRORS.notShortest, start)
    : value;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);
/** Bytes that stand behind a hyphen. */
const GROUPS: ReadonlySet<number> = new Set([4, 6, 8, 10]);

const nibble = (unit: number): number => (unit < 0x3a ? unit - 0x30 : unit - 0x57);

function uuidBytes(uuid: string): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  let at = 0;
  for (let i = 0; i < UUID_BYTES; i++) {
    if (GROUPS.has(i)) at += 1;
    bytes[i] = (nibble(uuid.charCodeAt(at)) << 4) | nibble(uuid.charCodeAt(at + 1));
    at += 2;
  }
  return bytes;
}

function uuidText(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < UUID_BYTES; i++) text += (GROUPS.has(i) ? '-' : '') + HEX[bytes[i] ?? 0];
  return text;
}
