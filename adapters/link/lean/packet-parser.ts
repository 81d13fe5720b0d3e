import { LINK_CODES } from '../link.ts';

export interface PacketParser {
  /** Takes the next bytes of the stream and calls `onPacket` for each packet that is complete. Returns a
   * `BL_LINK_*` code once the stream is beyond repair; every later call returns the same. */
  readonly push: (bytes: Uint8Array) => string | undefined;
  /** Delivers nothing until `release`; bytes given meanwhile are kept, so the caller must pause its source. */
  readonly hold: () => void;
  readonly release: () => string | undefined;
  /** Forgets everything; nothing is delivered any more. */
  readonly stop: () => void;
}

export interface PacketParserOptions {
  /** Whole packet, fixed header included. Judged on the announced length, before anything is kept. */
  readonly maxPacketBytes: number;
  /** `head` is the first byte; the body is `bytes[start..end)`, valid for the duration of the call. */
  readonly onPacket: (head: number, bytes: Uint8Array, start: number, end: number) => void;
  /** Judges a packet's first byte as soon as it comes, so that a peer of another protocol is found out at once.
   * Default: all are taken. */
  readonly acceptsHead?: (head: number) => boolean;
}

/** Cuts a byte stream into MQTT control packets (MQTT 5 §2.1). A packet that lies whole in one piece of
 * input is handed on without a copy; else its body is gathered in a buffer of just its size. */
class StreamPacketParser implements PacketParser {
  readonly #options: PacketParserOptions;
  #head = -1;
  #length = 0;
  #lengthBytes = 0;
  #lengthKnown = false;
  #body: Uint8Array | undefined;
  #filled = 0;
  #kept: Uint8Array | undefined;
  #held = false;
  #stopped = false;
  #failure: string | undefined;

  constructor(options: PacketParserOptions) {
    this.#options = options;
  }

  push(bytes: Uint8Array): string | undefined {
    if (this.#kept !== undefined || this.#held) {
      this.#keep(bytes, 0);
      return this.#failure;
    }
    return this.#run(bytes);
  }

  hold(): void {
    this.#held = true;
  }

  release(): string | undefined {
    this.#held = false;
    const kept = this.#kept;
    this.#kept = undefined;
    return kept === undefined ? this.#failure : this.#run(kept);
  }

  stop(): void {
    this.#stopped = true;
    this.#body = undefined;
    this.#kept = undefined;
  }

  #run(bytes: Uint8Array): string | undefined {
    let offset = 0;
    while (offset < bytes.length && this.#failure === undefined && !this.#stopped) {
      if (this.#held) {
        this.#keep(bytes, offset);
        break;
      }
      offset = this.#lengthKnown
        ? this.#takeBody(bytes, offset)
        : this.#takeHeaderByte(bytes[offset] ?? 0, offset);
    }
    return this.#failure;
  }

  #takeHeaderByte(byte: number, offset: number): number {
    if (this.#head < 0) {
      if (this.#options.acceptsHead?.(byte) === false) return this.#fail(LINK_CODES.protocol);
      this.#head = byte;
      return offset + 1;
    }
    // MQTT 5 §1.5.5: at most four bytes, and the minimum number of them.
    if (this.#lengthBytes === 3 && byte >= 0x80) return this.#fail(LINK_CODES.protocol);
    if (this.#lengthBytes > 0 && byte === 0) return this.#fail(LINK_CODES.protocol);
    this.#length += (byte & 0x7f) << (7 * this.#lengthBytes);
    this.#lengthBytes += 1;
    if (byte >= 0x80) return offset + 1;
    if (1 + this.#lengthBytes + this.#length > this.#options.maxPacketBytes)
      return this.#fail(LINK_CODES.tooLarge);
    this.#lengthKnown = true;
    if (this.#length === 0) this.#deliver(EMPTY, 0, 0);
    return offset + 1;
  }

  #takeBody(bytes: Uint8Array, offset: number): number {
    const wanted = this.#length - this.#filled;
    const taken = Math.min(wanted, bytes.length - offset);
    if (this.#body === undefined && taken === wanted) {
      this.#deliver(bytes, offset, offset + taken);
      return offset + taken;
    }
    this.#body ??= new Uint8Array(this.#length);
    this.#body.set(bytes.subarray(offset, offset + taken), this.#filled);
    this.#filled += taken;
    if (taken === wanted) this.#deliver(this.#body, 0, this.#length);
    return offset + taken;
  }

  /** The state is reset first: the handler may hold or stop this parser. */
  #deliver(bytes: Uint8Array, start: number, end: number): void {
    const head = this.#head;
    this.#head = -1;
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#lengthKnown = false;
    this.#body = undefined;
    this.#filled = 0;
    this.#options.onPacket(head, bytes, start, end);
  }

  #keep(bytes: Uint8Array, from: number): void {
    if (this.#stopped || from >= bytes.length) return;
    const before = this.#kept?.length ?? 0;
    const kept = new Uint8Array(before + bytes.length - from);
    if (this.#kept !== undefined) kept.set(this.#kept);
    kept.set(bytes.subarray(from), before);
    this.#kept = kept;
  }

  #fail(code: string): number {
    this.#failure = code;
    this.stop();
    return Number.MAX_SAFE_INTEGER;
  }
}

const EMPTY = new Uint8Array(0);

export function createPacketParser(options: PacketParserOptions): PacketParser {
  return new StreamPacketParser(options);
}
