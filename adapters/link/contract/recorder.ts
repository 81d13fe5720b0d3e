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
  const { handlers, of } = startRecording(onMessage);
  return of(createLink(handlers));
}

/** In two steps, for a link that takes a while to make. */
export function startRecording(onMessage?: (recorder: Recorder) => void): {
  readonly handlers: LinkHandlers;
  readonly of: (link: PausableLink) => Recorder;
} {
  const seen = new Seen();
  let recorder: Recorder | undefined;
  return {
    handlers: {
      onUp: (capabilities) => seen.note(() => seen.ups.push(capabilities)),
      onDown: (code, detail) => seen.note(() => seen.downs.push({ code, detail })),
      onDrain: () =>
        seen.note(() => {
          seen.drains += 1;
        }),
      onDropped: (code) => seen.note(() => seen.dropped.push(code)),
      onMessage: (topic, payload) =>
        seen.note(() => {
          const text = Buffer.from(payload.subarray(0, 200)).toString();
          seen.messages.push({ topic, text, bytes: payload.length });
          if (recorder !== undefined) onMessage?.(recorder);
        }),
    },
    of: (link) => {
      recorder = {
        link,
        ups: seen.ups,
        downs: seen.downs,
        messages: seen.messages,
        dropped: seen.dropped,
        drains: () => seen.drains,
        until: (what, reached) => seen.until(what, reached),
      };
      return recorder;
    },
  };
}

class Seen {
  readonly ups: LinkCapabilities[] = [];
  readonly downs: { readonly code: string; readonly detail: string }[] = [];
  readonly messages: Received[] = [];
  readonly dropped: string[] = [];
  readonly #waiters = new Set<() => void>();
  drains = 0;

  note(change: () => void): void {
    change();
    for (const waiter of this.#waiters) waiter();
  }

  until(what: string, reached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        const { ups, downs, messages } = this;
        const seen = JSON.stringify({ ups, downs: downs.slice(-3), messages: messages.slice(-5) });
        reject(new Error(`waited in vain for ${what}; seen: ${seen}`));
      }, PATIENCE_MS);
      const check = (): void => {
        if (!reached()) return;
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }
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
