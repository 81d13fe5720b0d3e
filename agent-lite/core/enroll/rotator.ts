/** Drives the rotation machine: a new key each time, and the old identity stays until the new one is on disk. */
import type { Clock, HostResult, Logger, Timer, Timers } from '../host.ts';
import type { CertificateDates } from './certificate-dates.ts';
import type { Identity } from './identity.ts';
import {
  hasEnded,
  type RotationInput,
  type RotationStep,
  startRotation,
  step,
} from './rotation.ts';

export interface NewKey {
  /** PEM, PKCS#8. */
  readonly key: string;
  /** PEM, PKCS#10. */
  readonly csr: string;
}
export interface RotatorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** 0 to 1. */
  readonly random: () => number;
  readonly identity: Identity;
  readonly dates: CertificateDates;
  readonly createKey: (commonName: string) => NewKey;
  /** Sends the request over the link (stream type `renew`); the value is the PEM chain. Not connected: a failure at once. */
  readonly ask: (csr: string, done: (answer: HostResult<string>) => void) => void;
  /** Checks the chain against key, CA and name, and puts the identity on disk. */
  readonly install: (next: Identity) => HostResult<CertificateDates>;
  /** The link reconnects with it. */
  readonly onRotated: (identity: Identity) => void;
}
export interface Rotator {
  readonly start: () => void;
  readonly stop: () => void;
  /** Also after the clock was set. */
  readonly linkUp: () => void;
  readonly identity: () => Identity;
}

export function createRotator(options: RotatorOptions): Rotator {
  return new CertificateRotator(options);
}

class CertificateRotator implements Rotator {
  readonly #options: RotatorOptions;
  #identity: Identity;
  #step: RotationStep | undefined;
  #timer: Timer | undefined;
  /** Answers to an attempt that timed out carry an older number. */
  #attempt = 0;
  #saidEnded = false;
  #running = false;

  constructor(options: RotatorOptions) {
    this.#options = options;
    this.#identity = options.identity;
  }

  readonly start = (): void => {
    if (this.#running) return;
    this.#running = true;
    this.#follow(startRotation(this.#options.dates, this.#moment()));
  };

  readonly stop = (): void => {
    this.#running = false;
    this.#attempt += 1;
    this.#timer?.cancel();
  };

  readonly linkUp = (): void => this.#feed({ type: 'link-up' });

  readonly identity = (): Identity => this.#identity;

  #moment(): { readonly unixMs: number; readonly random: number } {
    return { unixMs: this.#options.clock.unixMs(), random: this.#options.random() };
  }

  #feed(input: RotationInput): void {
    if (!this.#running || this.#step === undefined) return;
    this.#follow(step(this.#step.state, input, this.#moment()));
  }

  #follow(next: RotationStep): void {
    const { clock, timers, log } = this.#options;
    this.#step = next;
    this.#timer?.cancel();
    this.#timer = timers.after(next.againMs, () => this.#feed({ type: 'time' }));
    const ended = hasEnded(next.state, clock.unixMs());
    if (ended && !this.#saidEnded)
      log.error('enroll.certificate-ended', { link: this.#identity.link });
    this.#saidEnded = ended;
    if (next.ask) this.#ask();
  }

  #ask(): void {
    const { createKey, ask } = this.#options;
    this.#attempt += 1;
    const attempt = this.#attempt;
    const { key, csr } = createKey(this.#identity.link);
    ask(csr, (answer) => {
      if (attempt !== this.#attempt) return;
      this.#attempt += 1;
      if (answer.ok) this.#install(key, answer.value);
      else this.#fail(answer.code);
    });
  }

  #install(key: string, certificate: string): void {
    const next: Identity = { ...this.#identity, key, certificate };
    const installed = this.#options.install(next);
    if (!installed.ok) {
      this.#fail(installed.code);
      return;
    }
    this.#identity = next;
    const { link } = next;
    this.#options.log.info('enroll.rotated', { link, notAfterMs: installed.value.notAfterMs });
    this.#feed({ type: 'renewed', dates: installed.value });
    this.#options.onRotated(next);
  }

  #fail(code: string): void {
    this.#options.log.warn('enroll.renewal-failed', { link: this.#identity.link, code });
    this.#feed({ type: 'failed' });
  }
}
