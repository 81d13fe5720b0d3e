/** One property of a device: opened, read, written and reported by itself, with one driver call at a time. */
import type { PropertyDocument, TwinDocument, TwinValue } from '@boardlet/adapters/wire';
import type { Driver, DriverProperty, DriverResult } from '@boardlet/board-support';
import { refuseDesired, refuseType, sameValue } from './values.ts';

export interface PropertyHost {
  readonly nowMs: () => number;
  /** Calls `wake` at that time, instead of any time set before. */
  readonly wakeAt: (property: TwinProperty, atMs: number) => void;
  readonly report: (twin: TwinDocument) => void;
  /** The driver works (again): called when that changes. */
  readonly healthy: () => void;
  readonly failing: (code: string, message: string) => void;
  /** A desired value that the property cannot take. */
  readonly refused: (reason: string) => void;
}

const DEFAULT_COLLECT_MS = 1000;
const LEAST_COLLECT_MS = 100;
const LEAST_RETRY_MS = 1000;
const MOST_RETRY_MS = 60_000;
/** A driver that does not answer within this many polls, or 10 s, has failed. */
const ANSWER_POLLS = 5;
const LEAST_ANSWER_MS = 10_000;
const NEVER = Number.POSITIVE_INFINITY;

export class TwinProperty {
  readonly #driver: Driver;
  readonly #target: DriverProperty;
  readonly #host: PropertyHost;
  readonly #collectMs: number;
  #isOpen = false;
  #started = false;
  #closed = false;
  #subscribed = false;
  /** Number of the call in flight, 0 for none: a late answer to an earlier one is no answer. */
  #call = 0;
  #calls = 0;
  #answerByMs = NEVER;
  #openAtMs = NEVER;
  #readAtMs = NEVER;
  #writeAtMs = NEVER;
  #reportAtMs = NEVER;
  #failures = 0;
  #healthy: boolean | undefined;
  #value: TwinValue | undefined;
  #desired: TwinValue | undefined;
  #writing: TwinValue | undefined;
  #observed: TwinValue | undefined;
  #reported: TwinDocument | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(driver: Driver, target: DriverProperty, host: PropertyHost) {
    this.#driver = driver;
    this.#target = target;
    this.#host = host;
    const collectMs = target.property.collectMs || DEFAULT_COLLECT_MS;
    this.#collectMs = Math.max(LEAST_COLLECT_MS, collectMs);
  }

  get document(): PropertyDocument {
    return this.#target.property;
  }

  start(): void {
    this.#started = true;
    this.#openAtMs = this.#host.nowMs();
    this.wake();
  }

  close(): void {
    this.#closed = true;
    this.#call = 0;
    // Also while `open` is under way: a driver's `close` ends whatever it has begun.
    if (this.#started) this.#driver.close(this.#target);
    this.#isOpen = false;
  }

  /** Undefined: nothing is desired any more. */
  setDesired(value: TwinValue | undefined): void {
    if (sameValue(value, this.#desired)) return;
    this.#desired = value;
    this.#writeAtMs = NEVER;
    if (value === undefined) {
      this.#observed = undefined;
      this.#tell();
    } else this.#want(value);
    this.wake();
  }

  #want(value: TwinValue): void {
    const reason = refuseDesired(this.document, value);
    if (reason === undefined) this.#writeAtMs = this.#host.nowMs();
    else this.#host.refused(reason);
  }

  /** Does what is due. */
  wake(): void {
    if (this.#closed) return;
    const now = this.#host.nowMs();
    if (now >= this.#answerByMs) this.#timeOut();
    if (now >= this.#reportAtMs) this.#sendReport();
    if (this.#call === 0) this.#work(now);
    this.#sleep();
  }

  #work(now: number): void {
    if (!this.#isOpen) {
      if (now >= this.#openAtMs) this.#open();
    } else if (now >= this.#writeAtMs && this.#value !== undefined) this.#apply();
    else if (now >= this.#readAtMs) this.#read();
  }

  #sleep(): void {
    if (this.#closed) return;
    const writeAtMs = this.#value === undefined ? NEVER : this.#writeAtMs;
    const workAtMs = this.#isOpen ? Math.min(this.#readAtMs, writeAtMs) : this.#openAtMs;
    const atMs = Math.min(this.#call === 0 ? workAtMs : this.#answerByMs, this.#reportAtMs);
    if (atMs !== NEVER) this.#host.wakeAt(this, atMs);
  }

  #begin<T>(answered: (result: DriverResult<T>) => void): (result: DriverResult<T>) => void {
    this.#calls += 1;
    const call = this.#calls;
    this.#call = call;
    this.#answerByMs =
      this.#host.nowMs() + Math.max(LEAST_ANSWER_MS, ANSWER_POLLS * this.#collectMs);
    return (result) => {
      if (this.#closed || this.#call !== call) return;
      this.#end();
      answered(result);
      this.wake();
    };
  }

  #end(): void {
    this.#call = 0;
    this.#answerByMs = NEVER;
  }

  #timeOut(): void {
    const waitedMs = Math.max(LEAST_ANSWER_MS, ANSWER_POLLS * this.#collectMs);
    this.#end();
    this.#wantAgain();
    this.#fail('BL_DRIVER_TIMEOUT', `the driver did not answer within ${waitedMs} ms`);
    this.#retry();
  }

  #retry(): void {
    const atMs = this.#host.nowMs() + this.#backOffMs();
    if (!this.#isOpen) this.#openAtMs = atMs;
    else if (this.#readAtMs === NEVER && (this.#value === undefined || !this.#subscribed))
      this.#readAtMs = atMs;
    if (this.#writeAtMs !== NEVER) this.#writeAtMs = atMs;
  }

  #open(): void {
    this.#openAtMs = NEVER;
    const done = this.#begin<void>((result) => {
      if (!result.ok) return this.#failAndRetry(result);
      this.#isOpen = true;
      this.#readAtMs = this.#host.nowMs();
      this.#subscribe();
    });
    this.#driver.open(this.#target, done);
  }

  #subscribe(): void {
    if (this.#driver.subscribe === undefined) return;
    this.#subscribed = true;
    this.#driver.subscribe(this.#target, (value) => {
      if (this.#closed || !this.#isOpen) return;
      this.#take(value);
      this.#sleep();
    });
  }

  #read(): void {
    this.#readAtMs = NEVER;
    const done = this.#begin<TwinValue>((result) => {
      if (!result.ok) return this.#failAndRetry(result);
      this.#take(result.value);
      if (!this.#subscribed) this.#readAtMs = this.#host.nowMs() + this.#collectMs;
    });
    this.#driver.read(this.#target, done);
  }

  #take(value: TwinValue): void {
    const reason = refuseType(this.document, value);
    if (reason !== undefined) {
      this.#fail('BL_DRIVER_VALUE', `the driver's ${reason}`);
      return;
    }
    this.#value = value;
    this.#well();
    this.#tell();
  }

  /** A value that is there already is not written again: after a restart the hardware keeps what it has. */
  #apply(): void {
    const desired = this.#desired;
    this.#writeAtMs = NEVER;
    if (desired === undefined) return;
    if (sameValue(this.#value, desired)) {
      this.#observed = desired;
      this.#tell();
      return;
    }
    this.#writing = desired;
    const done = this.#begin<void>((result) => {
      if (result.ok) {
        if (sameValue(desired, this.#desired)) this.#observed = desired;
        this.#writing = undefined;
        this.#readAtMs = this.#host.nowMs();
      } else {
        this.#wantAgain();
        this.#failAndRetry(result);
      }
    });
    this.#driver.write(this.#target, desired, done);
  }

  /** The write in flight failed; where another value is desired by now, its own write is due already. */
  #wantAgain(): void {
    if (this.#writing !== undefined && sameValue(this.#writing, this.#desired))
      this.#writeAtMs = this.#host.nowMs();
    this.#writing = undefined;
  }

  #failAndRetry(result: { readonly code: string; readonly message: string }): void {
    this.#fail(result.code, result.message);
    this.#retry();
  }

  #backOffMs(): number {
    const doubled = LEAST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 16);
    return Math.max(Math.min(MOST_RETRY_MS, doubled), this.#collectMs);
  }

  #fail(code: string, message: string): void {
    this.#failures += 1;
    this.#healthy = false;
    this.#host.failing(code, message);
  }

  #well(): void {
    this.#failures = 0;
    if (this.#healthy === true) return;
    this.#healthy = true;
    this.#host.healthy();
  }

  /** Reports what changed: at once when the last report is `reportMs` past or a desired value was just applied. */
  #tell(): void {
    const twin = this.#twin();
    this.#reportAtMs = NEVER;
    if (twin === undefined || sameTwin(twin, this.#reported)) return;
    const acknowledges = !sameValue(twin.observedDesired, this.#reported?.observedDesired);
    if (!this.document.report && !acknowledges) return;
    const allowedAtMs = this.#reportedAtMs + this.document.reportMs;
    this.#reportAtMs = acknowledges ? this.#host.nowMs() : allowedAtMs;
    if (this.#reportAtMs <= this.#host.nowMs()) this.#sendReport();
  }

  #twin(): TwinDocument | undefined {
    if (this.#value === undefined) return undefined;
    return this.#observed === undefined
      ? { value: this.#value }
      : { value: this.#value, observedDesired: this.#observed };
  }

  #sendReport(): void {
    this.#reportAtMs = NEVER;
    const twin = this.#twin();
    if (twin === undefined || sameTwin(twin, this.#reported)) return;
    this.#reported = twin;
    this.#reportedAtMs = this.#host.nowMs();
    this.#host.report(twin);
  }
}

function sameTwin(a: TwinDocument, b: TwinDocument | undefined): boolean {
  if (b === undefined) return false;
  return sameValue(a.value, b.value) && sameValue(a.observedDesired, b.observedDesired);
}
