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

function uuidBytes(uuid: string): Uint8Array {
  const hex = uuid.replaceAll('-', '');
  return Uint8Array.from({ length: UUID_BYTES }, (_, i) =>
    Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16),
  );
}

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
