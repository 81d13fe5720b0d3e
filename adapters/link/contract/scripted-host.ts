import type { ConnectOptions, LinkHost, Socket, SocketHandlers } from '../lean/sockets.ts';

/** One connection that a test plays the broker of. */
export interface ScriptedSocket {
  readonly options: ConnectOptions;
  readonly handlers: SocketHandlers;
  readonly written: Uint8Array[];
  /** What `write` answers. */
  accepts: boolean;
  closed: boolean;
  paused: boolean;
}

export interface ScriptedHost extends LinkHost {
  readonly connections: ScriptedSocket[];
  /** Moves the clock and fires the timers that come due, in order. */
  readonly advance: (ms: number) => void;
  readonly pendingTimers: () => number;
}

/** A host whose clock stands still, whose randomness is all ones and whose sockets do what the test says. */
export function createScriptedHost(): ScriptedHost {
  const connections: ScriptedSocket[] = [];
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly fire: () => void }[] = [];
  return {
    connections,
    sockets: {
      connect: (options, handlers) => {
        const scripted: ScriptedSocket = {
          options,
          handlers,
          written: [],
          accepts: true,
          closed: false,
          paused: false,
        };
        connections.push(scripted);
        return socketOf(scripted);
      },
    },
    timers: {
      after: (delayMs, fire) => {
        const timer = { atMs: nowMs + delayMs, fire };
        timers.push(timer);
        return {
          cancel: () => {
            timers = timers.filter((other) => other !== timer);
          },
        };
      },
    },
    clock: { monotonicMs: () => nowMs },
    random: (length) => new Uint8Array(length).fill(0xff),
    advance: (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const due = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        timers = timers.filter((other) => other !== due);
        nowMs = Math.max(nowMs, due.atMs);
        due.fire();
      }
      nowMs = endMs;
    },
    pendingTimers: () => timers.length,
  };
}

function socketOf(scripted: ScriptedSocket): Socket {
  return {
    write: (bytes) => {
      scripted.written.push(bytes);
      return scripted.accepts;
    },
    pause: () => {
      scripted.paused = true;
    },
    resume: () => {
      scripted.paused = false;
    },
    close: () => {
      scripted.closed = true;
    },
  };
}
