/** A driver whose hardware is the bench: one value for each device, changed by hand. */
import type { TwinValue } from '@boardlet/adapters/wire';
import type { Driver } from '@boardlet/board-support';

export const BENCH_PROTOCOL = 'bench';

export interface BenchDriver extends Driver {
  readonly change: (device: string, value: number) => void;
}
export interface BenchDriverEvents {
  readonly onSubscribed: (device: string, property: string) => void;
  readonly onWritten: (device: string, value: number) => void;
}

export function createBenchDriver(events: BenchDriverEvents): BenchDriver {
  const values = new Map<string, TwinValue>();
  const listeners = new Map<string, (value: TwinValue) => void>();
  return {
    protocol: BENCH_PROTOCOL,
    open: (_target, done) => done({ ok: true, value: undefined }),
    read: (target, done) => done({ ok: true, value: values.get(target.device) ?? 0 }),
    write: (target, value, done) => {
      values.set(target.device, value);
      events.onWritten(target.device, Number(value));
      done({ ok: true, value: undefined });
    },
    subscribe: (target, changed) => {
      listeners.set(target.device, changed);
      events.onSubscribed(target.device, target.property.name);
    },
    close: (target) => void listeners.delete(target.device),
    change: (device, value) => {
      values.set(device, value);
      listeners.get(device)?.(value);
    },
  };
}
