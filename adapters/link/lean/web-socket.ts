import { LINK_CODES } from '../link.ts';
import type { LinkUrl } from '../link-url.ts';
import type { ConnectOptions, LinkHost, LinkTimers, Socket, SocketHandlers } from './sockets.ts';
import {
  createFrameParser,
  createFrameWriter,
  type FrameParser,
  OPCODE,
} from './web-socket-frames.ts';
import {
  MAX_ANSWER_BYTES,
  readAnswer,
  upgradeRequest,
  webSocketKey,
} from './web-socket-handshake.ts';

export interface WebSocketOptions {
  readonly url: LinkUrl;
  readonly connect: ConnectOptions;
  readonly timers: LinkTimers;
}

const NORMAL_CLOSURE = new Uint8Array([1000 >> 8, 1000 & 0xff]);
const NOTHING = new Uint8Array(0);

/** A socket whose bytes travel in binary WebSocket messages with the subprotocol `mqtt` (RFC 6455, MQTT 5 §6). */
export function connectWebSocket(
  options: WebSocketOptions,
  host: Pick<LinkHost, 'sockets' | 'random'>,
  handlers: SocketHandlers,
): Socket {
  return new WebSocketSocket(options, host, handlers);
}

class WebSocketSocket implements Socket {
  readonly #handlers: SocketHandlers;
  readonly #key: string;
  readonly #frame: (opcode: number, payload: Uint8Array) => Uint8Array;
  readonly #frames: FrameParser;
  readonly #timeout: { readonly cancel: () => void };
  readonly #socket: Socket;
  #answer: Uint8Array | undefined = NOTHING;
  #open = false;
  #ended = false;
  #blocked = false;

  constructor(
    options: WebSocketOptions,
    host: Pick<LinkHost, 'sockets' | 'random'>,
    handlers: SocketHandlers,
  ) {
    this.#handlers = handlers;
    this.#key = webSocketKey(host.random(16));
    this.#frame = createFrameWriter(host.random);
    this.#frames = createFrameParser({
      onData: (bytes) => this.#handlers.onData(bytes),
      onControl: (opcode, payload) => this.#onControl(opcode, payload),
    });
    const { timeoutMs } = options.connect;
    // TCP and TLS have as much of their own before this matters.
    this.#timeout = options.timers.after(2 * timeoutMs, () =>
      this.#fail(LINK_CODES.handshake, `no answer to the upgrade within ${timeoutMs} ms`),
    );
    this.#socket = host.sockets.connect(options.connect, {
      onOpen: () => {
        if (!this.#ended) this.#socket.write(upgradeRequest(options.url, this.#key));
      },
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => {
        this.#blocked = false;
        if (this.#open) handlers.onDrain();
      },
      onClose: (code, detail) => this.#end(code, detail),
    });
    if (this.#ended) this.#socket.close();
  }

  readonly write = (bytes: Uint8Array): boolean => this.#send(OPCODE.binary, bytes);

  readonly pause = (): void => this.#socket.pause();

  readonly resume = (): void => this.#socket.resume();

  readonly close = (): void => {
    if (this.#open && !this.#ended) this.#send(OPCODE.close, NORMAL_CLOSURE);
    this.#timeout.cancel();
    this.#ended = true;
    this.#frames.stop();
    this.#socket.close();
  };

  #send(opcode: number, payload: Uint8Array): boolean {
    const accepted = this.#socket.write(this.#frame(opcode, payload));
    if (!accepted) this.#blocked = true;
    return accepted;
  }

  #onData(bytes: Uint8Array): void {
    if (this.#ended) return;
    const frames = this.#answer === undefined ? bytes : this.#onAnswer(this.#answer, bytes);
    if (frames.length === 0 || this.#ended) return;
    const failure = this.#frames.push(frames);
    if (failure !== undefined) this.#fail(failure, 'malformed WebSocket frame');
  }

  /** Returns what follows the HTTP head: the server may send frames in the same segment. */
  #onAnswer(before: Uint8Array, bytes: Uint8Array): Uint8Array {
    const answer = new Uint8Array(before.length + Math.min(bytes.length, MAX_ANSWER_BYTES));
    answer.set(before);
    answer.set(bytes.subarray(0, MAX_ANSWER_BYTES), before.length);
    const verdict = readAnswer(answer, answer.length, this.#key);
    if (verdict.state === 'more') {
      this.#answer = answer;
      return NOTHING;
    }
    if (verdict.state === 'refused') {
      this.#fail(LINK_CODES.handshake, verdict.detail);
      return NOTHING;
    }
    this.#answer = undefined;
    this.#open = true;
    this.#timeout.cancel();
    this.#handlers.onOpen();
    return bytes.subarray(verdict.bodyStart - before.length);
  }

  #onControl(opcode: number, payload: Uint8Array): void {
    if (opcode === OPCODE.close) {
      if (!this.#blocked) this.#send(OPCODE.close, payload.subarray(0, 2));
      const code = payload.length >= 2 ? ((payload[0] ?? 0) << 8) | (payload[1] ?? 0) : 1005;
      this.#fail('', `the peer closed the WebSocket, code ${code}`);
    } else if (opcode === OPCODE.ping && !this.#blocked) {
      // A peer that pings and does not read gets no answers piled up for it.
      this.#send(OPCODE.pong, payload);
    }
  }

  #fail(code: string, detail: string): void {
    if (this.#ended) return;
    this.#end(code, detail);
    this.#socket.close();
  }

  #end(code: string, detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timeout.cancel();
    this.#frames.stop();
    this.#handlers.onClose(code, detail);
  }
}
