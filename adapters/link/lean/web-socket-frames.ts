import { LINK_CODES } from '../link.ts';
import type { RandomBytes } from './sockets.ts';

export const OPCODE = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame; data frames are passed on piece by piece, so this bounds a peer's claim and not our memory. */
export const MAX_FRAME_BYTES = 16_777_216;
const MAX_CONTROL_BYTES = 125;

export interface FrameEvents {
  /** Part of a binary message; MQTT sees one stream of bytes (MQTT 5 §6). Valid for the duration of the call. */
  readonly onData: (bytes: Uint8Array) => void;
  readonly onControl: (opcode: number, payload: Uint8Array) => void;
}

export interface FrameParser {
  /** Returns a `BL_LINK_*` code once the stream is beyond repair. */
  readonly push: (bytes: Uint8Array) => string | undefined;
  readonly stop: () => void;
}

/** Reads server frames (RFC 6455 §5.2): unmasked, no extensions, binary messages, fragmented or not. */
class ServerFrameParser implements FrameParser {
  readonly #events: FrameEvents;
  readonly #header = new Uint8Array(10);
  #headerLength = 0;
  #opcode = -1;
  #left = 0;
  #inMessage = false;
  #control: Uint8Array | undefined;
  #failure: string | undefined;
  #stopped = false;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  push(bytes: Uint8Array): string | undefined {
    let at = 0;
    while (at < bytes.length && this.#failure === undefined && !this.#stopped) {
      if (this.#opcode < 0) this.#takeHeaderByte(bytes[at++] ?? 0);
      else at = this.#takePayload(bytes, at);
    }
    return this.#failure;
  }

  stop(): void {
    this.#stopped = true;
  }

  #takeHeaderByte(byte: number): void {
    this.#header[this.#headerLength++] = byte;
    const length = (this.#header[1] ?? 0) & 0x7f;
    const wanted = this.#headerLength < 2 ? 2 : length === 127 ? 10 : length === 126 ? 4 : 2;
    if (this.#headerLength < wanted) return;
    this.#headerLength = 0;
    this.#begin(wanted, length);
  }

  #begin(headerBytes: number, shortLength: number): void {
    const first = this.#header[0] ?? 0;
    const opcode = first & 0x0f;
    let length = headerBytes === 2 ? shortLength : 0;
    for (let i = 2; i < headerBytes; i++) length = length * 256 + (this.#header[i] ?? 0);
    const masked = ((this.#header[1] ?? 0) & 0x80) !== 0;
    // §5.1: a server never masks; §5.2: no extension gave meaning to RSV1–3, and lengths take the shortest form.
    const shortest = headerBytes === 2 || length > (headerBytes === 4 ? 125 : 0xffff);
    if (masked || (first & 0x70) !== 0 || !shortest || !this.#isExpected(opcode, first, length)) {
      this.#failure = LINK_CODES.protocol;
      return;
    }
    if (length > MAX_FRAME_BYTES) {
      this.#failure = LINK_CODES.tooLarge;
      return;
    }
    if (opcode < OPCODE.close) this.#inMessage = (first & 0x80) === 0;
    else this.#control = new Uint8Array(length);
    this.#opcode = opcode;
    this.#left = length;
    if (length === 0) this.#finish();
  }

  #isExpected(opcode: number, first: number, length: number): boolean {
    switch (opcode) {
      case OPCODE.continuation:
        return this.#inMessage;
      case OPCODE.binary:
        return !this.#inMessage;
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        // §5.5: control frames are short and whole.
        return (first & 0x80) !== 0 && length <= MAX_CONTROL_BYTES;
      default:
        return false;
    }
  }

  #takePayload(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    const piece = bytes.subarray(at, end);
    this.#left -= piece.length;
    const control = this.#control;
    if (control === undefined) this.#events.onData(piece);
    else control.set(piece, control.length - this.#left - piece.length);
    if (this.#left === 0) this.#finish();
    return end;
  }

  #finish(): void {
    const opcode = this.#opcode;
    const control = this.#control;
    this.#opcode = -1;
    this.#control = undefined;
    if (control !== undefined && !this.#stopped) this.#events.onControl(opcode, control);
  }
}

export function createFrameParser(events: FrameEvents): FrameParser {
  return new ServerFrameParser(events);
}

const MASKS_PER_DRAW = 64;

/** Makes whole client frames. Each has a mask of its own that nobody can foretell (RFC 6455 §5.3); the random
 * bytes are drawn in batches, since one draw a frame would cost more than the frame. */
export function createFrameWriter(
  random: RandomBytes,
): (opcode: number, payload: Uint8Array) => Uint8Array {
  let masks = new Uint8Array(0);
  let used = 0;
  return (opcode, payload) => {
    if (used + 4 > masks.length) {
      masks = random(4 * MASKS_PER_DRAW).slice();
      used = 0;
    }
    const frame = startFrame(opcode, payload.length);
    const maskAt = frame.length - payload.length - 4;
    frame.set(masks.subarray(used, used + 4), maskAt);
    used += 4;
    for (let i = 0; i < payload.length; i++)
      frame[maskAt + 4 + i] = (payload[i] ?? 0) ^ (frame[maskAt + (i & 3)] ?? 0);
    return frame;
  };
}

/** Head filled in, room left for mask and payload. */
function startFrame(opcode: number, length: number): Uint8Array {
  const lengthBytes = length < 126 ? 0 : length <= 0xffff ? 2 : 8;
  const frame = new Uint8Array(2 + lengthBytes + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  let rest = length;
  for (let i = lengthBytes + 1; i >= 2; i--) {
    frame[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return frame;
}
