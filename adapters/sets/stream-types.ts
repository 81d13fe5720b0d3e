/** What a stream table and its user say to each other. */
import type { StreamMessage } from '../wire/index.ts';

export interface StreamEvents {
  /** In order, without gaps or duplicates; valid during the call. */
  readonly onData: (bytes: Uint8Array) => void;
  /** Once: the peer's direction ended (0), or the whole stream was aborted (`endCodes`). */
  readonly onEnd: (code: number) => void;
  /** Room again after a refused write. */
  readonly onDrain?: () => void;
}

export interface StreamHandle {
  /** False: the window is full (or the stream has ended) and nothing was taken; `onDrain` follows. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** 0: no more from this side, once all that was written is acknowledged. Else: aborts both directions. */
  readonly end: (code: number) => void;
  /** Stops granting credit; at most one window still arrives. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface StreamRequest {
  readonly b: number;
  readonly streamType: number;
  /** Encoded CBOR, valid during the call. */
  readonly args: Uint8Array;
}

export interface StreamTableOptions {
  /** T1: the board's ids are odd, the bridge's even. */
  readonly side: 'board' | 'bridge';
  readonly windowBytes: number;
  readonly chunkBytes: number;
  /** Open at once, both sides together, for one board index. */
  readonly streamsPerBoard: number;
  /** False: no room now, or not connected. Nothing was queued. */
  readonly send: (message: StreamMessage, qos: 0 | 1) => boolean;
  /** The peer opens: handlers, or an end code. */
  readonly accept: (request: StreamRequest, stream: StreamHandle) => StreamEvents | number;
}
