/** The few DER types (ITU-T X.690) that a certificate request needs. */
const TAG = {
  integer: 0x02,
  bitString: 0x03,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
} as const;

/** Tag, length in its shortest form (X.690 10.1), contents. */
function tagged(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, c) => sum + c.length, 0);
  const head = [tag, ...lengthBytes(length)];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const content of contents) {
    bytes.set(content, at);
    at += content.length;
  }
  return bytes;
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return [0x80 | bytes.length, ...bytes];
}

export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.sequence, ...items);
}
/** Of one member: DER would have more of them sorted. */
export function setOf(item: Uint8Array): Uint8Array {
  return tagged(TAG.set, item);
}
/** `[0] IMPLICIT`, constructed. */
export function context0(...items: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.context0, ...items);
}
/** 0 to 127. */
export function smallInteger(value: number): Uint8Array {
  return tagged(TAG.integer, Uint8Array.of(value));
}
/** Of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array {
  return tagged(TAG.bitString, Uint8Array.of(0), bytes);
}
/** ASCII only. */
export function asciiString(text: string): Uint8Array {
  return tagged(
    TAG.utf8String,
    Uint8Array.from(text, (c) => c.charCodeAt(0)),
  );
}

/** Dotted form; the first two arcs share a byte, the others are base 128 (X.690 8.19). */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(
    TAG.objectIdentifier,
    Uint8Array.from([first * 40 + second, ...rest.flatMap(base128)]),
  );
}

function base128(arc: number): number[] {
  const bytes = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
    bytes.unshift((left % 128) | 0x80);
  }
  return bytes;
}
