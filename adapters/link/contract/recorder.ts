import { strict as assert } from 'node:assert';
import type { LinkCapabilities, LinkHandlers, PausableLink } from '../link.ts';

export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly bytes: number;
}

/** A link with everything that it told. */
export interface Recorder {
  readonly link: PausableLink;
  readonly ups: readonly LinkCapabilities[];
  readonly downs: readonly { readonly code: string; readonly detail: string }[];
  readonly messages: readonly Received[];
  readonly dropped: readonly string[];
  readonly drains: () => number;
  /** Waits for events until `reached` holds; rejects with what was seen after ten seconds. */
  readonly until: (what: string, reached: () => boolean) => Promise<void>;
}

const PATIENCE_MS = 10_000;

export function record(
  createLink: (handlers: LinkHandlers) => PausableLink,
  onMessage?: (recorder: Recorder) => void,
): Recorder {
  const ups: LinkCapabilities[] = [];
  const downs: { readonly code: string; readonly detail: string }[] = [];
  const messages: Received[] = [];
  const dropped: string[] = [];
  const waiters = new Set<() => void>();
  let drains = 0;
  const changed = (): void => {
    for (const waiter of waiters) waiter();
  };
  const link = createLink({
    onUp: (capabilities) => {
      ups.push(capabilities);
      changed();
    },
    onDown: (code, detail) => {
      downs.push({ code, detail });
      changed();
    },
    onMessage: (topic, payload) => {
      const text = Buffer.from(payload.subarray(0, 200)).toString();
      messages.push({ topic, text, bytes: payload.length });
      onMessage?.(recorder);
      changed();
    },
    onDrain: () => {
      drains += 1;
      changed();
    },
    onDropped: (code) => {
      dropped.push(code);
      changed();
    },
  });
  const until = (what: string, reached: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(check);
        const seen = JSON.stringify({ ups, downs: downs.slice(-3), messages: messages.slice(-5) });
        reject(new Error(`waited in vain for ${what}; seen: ${seen}`));
      }, PATIENCE_MS);
      const check = (): void => {
        if (!reached()) return;
        clearTimeout(timer);
        waiters.delete(check);
        resolve();
      };
      waiters.add(check);
      check();
    });
  const recorder: Recorder = { link, ups, downs, messages, dropped, drains: () => drains, until };
  return recorder;
}

/** Publishes and waits until `done` was called. */
export function publishDone(
  recorder: Recorder,
  topic: string,
  payload: Uint8Array | string,
  qos: 0 | 1,
): Promise<boolean> {
  const bytes = typeof payload === 'string' ? new Uint8Array(Buffer.from(payload)) : payload;
  return new Promise((resolve) => {
    assert.equal(recorder.link.publish(topic, bytes, qos, resolve), true, 'publish was refused');
  });
}
