/** All that a host gives the core. The Node host implements it in `host/node`; a native host will implement
 * the same. The core imports no `node:` module: whatever touches the machine comes through here. */
import type { ConnectOptions, Socket, SocketHandlers, Sockets } from '@boardlet/adapters/link/lean';
import type { NodeCondition, NodeResources } from '@boardlet/adapters/wire';

export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  readonly monotonicMs: () => number;
  /** Unix milliseconds, never below max(build time, last saved time). */
  readonly unixMs: () => number;
}

export type Timer = { readonly cancel: () => void };

export interface Timers {
  readonly after: (delayMs: number, fire: () => void) => Timer;
}

export interface Logger {
  /** `event` is a stable dotted name; fields are data and carry no secret. */
  readonly debug: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (event: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** Error codes of every host operation: `BL_HOST_NOT_FOUND`, `BL_HOST_EXISTS`, `BL_HOST_DENIED`, `BL_HOST_NO_SPACE`,
 * `BL_HOST_REFUSED`, `BL_HOST_TIMEOUT`, `BL_HOST_TLS`, `BL_HOST_NAME`, `BL_HOST_IO`. */
export type HostResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** An append-only file. Writes are issued in order; `sync` covers all writes issued before it. */
export interface AppendFile {
  readonly append: (bytes: Uint8Array, done: (result: HostResult<void>) => void) => void;
  readonly sync: (done: (result: HostResult<void>) => void) => void;
  readonly close: () => void;
}

export interface Files {
  readonly read: (path: string) => HostResult<Uint8Array>;
  /** Reads `[offset, offset + length)`; shorter at the end of the file. */
  readonly readRange: (path: string, offset: number, length: number) => HostResult<Uint8Array>;
  /** Of a regular file, links followed; anything else is `BL_HOST_IO`. */
  readonly size: (path: string) => HostResult<number>;
  /** Writes a temporary file, fsyncs it, renames it over `path`, fsyncs the folder. Mode in octal, default 0600. */
  readonly replace: (path: string, bytes: Uint8Array, mode?: number) => HostResult<void>;
  readonly openAppend: (path: string, mode?: number) => HostResult<AppendFile>;
  readonly truncate: (path: string, length: number) => HostResult<void>;
  readonly remove: (path: string) => HostResult<void>;
  readonly list: (folder: string) => HostResult<readonly string[]>;
  readonly makeFolder: (path: string, mode?: number) => HostResult<void>;
  /** Calls back, debounced, after anything in the folder changed; also when watching fails, after a poll interval. */
  readonly watchFolder: (path: string, changed: () => void) => { readonly close: () => void };
}

/** Sockets have the shape that the link needs. */
export type { ConnectOptions, Socket, SocketHandlers, Sockets };

export interface HostFacts {
  readonly os: string;
  /** Kubernetes' words: amd64, arm64, arm. */
  readonly arch: string;
  readonly kernel: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly hostname: string;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly capacity: NodeResources;
  readonly allocatable: NodeResources;
  readonly runtimeVersion: string;
  /** The wall clock is synchronised (or was heard from an authenticated bridge). */
  readonly clockTrusted: boolean;
}
/** A sample of the host for conditions and the `host` twin. Absent where the host cannot tell. */
export interface HostSample {
  readonly load1?: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly uptimeS: number;
  readonly temperatureC?: number;
  readonly diskTotalBytes?: number;
  readonly diskAvailableBytes?: number;
  readonly processes?: number;
  readonly processLimit?: number;
}
export interface Facts {
  readonly read: () => HostFacts;
  readonly sample: () => HostSample;
  readonly conditions: (sample: HostSample) => readonly NodeCondition[];
}

export interface Crypto {
  /** Cryptographically strong. */
  readonly random: (length: number) => Uint8Array;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
}

export interface Host {
  readonly clock: Clock;
  /** An authenticated bridge told the time; kept as an offset and saved. */
  readonly adjustClock: (unixMs: number) => void;
  readonly timers: Timers;
  readonly log: Logger;
  readonly files: Files;
  readonly sockets: Sockets;
  readonly crypto: Crypto;
  readonly facts: Facts;
}
