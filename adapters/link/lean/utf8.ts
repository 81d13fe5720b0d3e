/** UTF-8 by hand: QuickJS has no TextEncoder. Strict both ways (RFC 3629, MQTT 5 §1.5.4). */

/** Bytes that `text` takes; a lone surrogate counts as U+FFFD (3 bytes), as `writeUtf8` writes it. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (isPair(text, i)) {
      length += 4;
      i += 1;
    } else length += 3;
  }
  return length;
}

/** Writes at `at`, returns the offset after the last byte. */
export function writeUtf8(target: Uint8Array, at: number, text: string): number {
  let offset = at;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[offset++] = unit;
    } else if (unit < 0x800) {
      target[offset++] = 0xc0 | (unit >> 6);
      target[offset++] = 0x80 | (unit & 0x3f);
    } else if (isPair(text, i)) {
      i += 1;
      const point = 0x10000 + ((unit - 0xd800) << 10) + (text.charCodeAt(i) - 0xdc00);
      target[offset++] = 0xf0 | (point >> 18);
      offset = writeTail(target, offset, point, 12);
    } else {
      const point = isSurrogate(unit) ? 0xfffd : unit;
      target[offset++] = 0xe0 | (point >> 12);
      offset = writeTail(target, offset, point, 6);
    }
  }
  return offset;
}

/** Undefined for overlong forms, surrogates, values above U+10FFFF, stray or missing continuation bytes and U+0000. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let offset = start;
  while (offset < end) {
    const width = widthOf(bytes[offset] ?? 0);
    if (width === 0 || offset + width > end) return undefined;
    const point = readPoint(bytes, offset, width);
    if (!isAllowed(point, width)) return undefined;
    text += String.fromCodePoint(point);
    offset += width;
  }
  return text;
}

/** Bytes of a character by its first byte; 0 for one that cannot be first. */
function widthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** −1 when a continuation byte is missing. */
function readPoint(bytes: Uint8Array, at: number, width: number): number {
  const first = bytes[at] ?? 0;
  let point = width === 1 ? first : first & (0x7f >> width);
  for (let i = 1; i < width; i++) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  return point;
}

function isAllowed(point: number, width: number): boolean {
  if (point <= 0 || isSurrogate(point) || point > 0x10ffff) return false;
  return width < 3 || point >= (width === 3 ? 0x800 : 0x10000);
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isPair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  const next = text.charCodeAt(at + 1);
  return unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
}

function writeTail(target: Uint8Array, at: number, point: number, topShift: number): number {
  let offset = at;
  for (let shift = topShift; shift >= 0; shift -= 6)
    target[offset++] = 0x80 | ((point >> shift) & 0x3f);
  return offset;
}
