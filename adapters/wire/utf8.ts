/** UTF-8 without TextEncoder and TextDecoder, which QuickJS lacks. Strict as RFC 3629: no over-long forms, no
 * surrogates, nothing above U+10FFFF. */

/** Code units per String.fromCharCode call: appending one by one makes musl's malloc map and unmap at each append. */
const CHUNK_UNITS = 256;
const units = new Uint16Array(CHUNK_UNITS);

/** Length in bytes, or -1 when the string has a lone surrogate. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit < 0xd800 || unit > 0xdfff) length += 2;
    else if (isPair(text, i)) {
      length += 2;
      i += 1;
    } else return -1;
  }
  return length;
}

function isPair(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  const low = text.charCodeAt(at + 1);
  return high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
}

/** Writes well-formed text (see `utf8Length`) and answers the offset behind it. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[at++] = unit;
      continue;
    }
    const point = text.codePointAt(i) ?? 0;
    if (point > 0xffff) i += 1;
    at = writePoint(point, target, at);
  }
  return at;
}

function writePoint(point: number, target: Uint8Array, offset: number): number {
  let at = offset;
  if (point < 0x800) {
    target[at++] = 0xc0 | (point >>> 6);
  } else if (point < 0x10000) {
    target[at++] = 0xe0 | (point >>> 12);
    target[at++] = 0x80 | ((point >>> 6) & 0x3f);
  } else {
    target[at++] = 0xf0 | (point >>> 18);
    target[at++] = 0x80 | ((point >>> 12) & 0x3f);
    target[at++] = 0x80 | ((point >>> 6) & 0x3f);
  }
  target[at++] = 0x80 | (point & 0x3f);
  return at;
}

/** Code point of the sequence at `at`, which must not be ASCII; -1 when it is ill-formed or passes `end`. */
function pointAt(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + size > end) return -1;
  let point = lead & (0x7f >> size);
  for (let i = 1; i < size; i++) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  return isScalar(point) && sizeOf(point) === size ? point : -1;
}

const isScalar = (point: number): boolean =>
  point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);

const sizeOf = (point: number): number => (point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);

export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if ((bytes[at] ?? 0) < 0x80) {
      at += 1;
      continue;
    }
    const point = pointAt(bytes, at, end);
    if (point < 0) return false;
    at += sizeOf(point);
  }
  return true;
}

/** Undefined when the bytes are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let at = start;
  while (at < end) {
    let count = 0;
    while (at < end && count < CHUNK_UNITS - 1) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x80) {
        units[count++] = byte;
        at += 1;
        continue;
      }
      const point = pointAt(bytes, at, end);
      if (point < 0) return undefined;
      at += sizeOf(point);
      count = putUnits(point, count);
    }
    text += Reflect.apply(String.fromCharCode, undefined, units.subarray(0, count));
  }
  return text;
}

function putUnits(point: number, count: number): number {
  if (point <= 0xffff) {
    units[count] = point;
    return count + 1;
  }
  units[count] = 0xd7c0 + (point >>> 10);
  units[count + 1] = 0xdc00 + (point & 0x3ff);
  return count + 2;
}

/** Surrogates sort behind U+FFFF, as their code points do in UTF-8. */
const rank = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

/** Order of two texts by their UTF-8 bytes. */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}
