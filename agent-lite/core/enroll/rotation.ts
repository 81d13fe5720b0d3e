/** When to ask for the next certificate: a pure decision machine. It asks at two thirds of the lifetime, with jitter so
 * that a fleet enrolled at once does not return at once, and tries again with a back-off that shrinks as the end comes near. */
import type { CertificateDates } from './certificate-dates.ts';

const RENEW_AT = 2 / 3;
/** Of the lifetime, either way. */
const JITTER = 0.05;
const RETRY_MIN_MS = 30_000;
const RETRY_MAX_MS = 3_600_000;
/** A retry waits at most this part of what is left, so that several fit before the end. */
const RETRY_OF_REST = 0.1;
const RETRY_FLOOR_MS = 5000;
/** An answer that has not come by then will not come. */
const ANSWER_TIMEOUT_MS = 60_000;
/** A clock may be set at any moment; so long at most until that is seen. */
const LOOK_AGAIN_MS = 3_600_000;

export interface RotationState {
  readonly dates: CertificateDates;
  readonly phase: 'holding' | 'asking';
  /** Unix ms: holding, when to ask; asking, when to give up. */
  readonly atMs: number;
  readonly failures: number;
}
export type RotationInput =
  | { readonly type: 'time' }
  /** The link is up, so an attempt that waits for it may be made at once. */
  | { readonly type: 'link-up' }
  | { readonly type: 'renewed'; readonly dates: CertificateDates }
  | { readonly type: 'failed' };
export interface RotationMoment {
  /** Unix ms. */
  readonly unixMs: number;
  /** 0 to 1, drawn anew for each step. */
  readonly random: number;
}
export interface RotationStep {
  readonly state: RotationState;
  readonly ask: boolean;
  /** Milliseconds until the next `time` input is due. */
  readonly againMs: number;
}

export function startRotation(dates: CertificateDates, moment: RotationMoment): RotationStep {
  return step(holding(dates, moment), { type: 'time' }, moment);
}

export function step(
  state: RotationState,
  input: RotationInput,
  moment: RotationMoment,
): RotationStep {
  switch (input.type) {
    case 'renewed':
      return settle(holding(input.dates, moment), moment);
    case 'failed':
      return settle(state.phase === 'asking' ? failed(state, moment) : state, moment);
    case 'link-up':
      return settle(hurried(state, moment), moment);
    case 'time':
      return settle(timedOut(state, moment), moment);
  }
}

/** True once the certificate has ended: only a new token helps. */
export function hasEnded(state: RotationState, unixMs: number): boolean {
  return unixMs >= state.dates.notAfterMs;
}

function holding(dates: CertificateDates, { random }: RotationMoment): RotationState {
  const lifetimeMs = dates.notAfterMs - dates.notBeforeMs;
  const share = RENEW_AT + (random * 2 - 1) * JITTER;
  const atMs = Math.round(dates.notBeforeMs + lifetimeMs * share);
  return { dates, phase: 'holding', atMs, failures: 0 };
}

function failed(state: RotationState, { unixMs, random }: RotationMoment): RotationState {
  const failures = state.failures + 1;
  const doubled = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures - 1, 16));
  const rest = Math.max(RETRY_FLOOR_MS, (state.dates.notAfterMs - unixMs) * RETRY_OF_REST);
  const waitMs = Math.min(doubled, rest) * (0.5 + random / 2);
  return { ...state, phase: 'holding', atMs: Math.round(unixMs + waitMs), failures };
}

function hurried(state: RotationState, { unixMs }: RotationMoment): RotationState {
  const waitsForRetry = state.phase === 'holding' && state.failures > 0;
  return waitsForRetry ? { ...state, atMs: Math.min(state.atMs, unixMs) } : state;
}

function timedOut(state: RotationState, moment: RotationMoment): RotationState {
  return state.phase === 'asking' && moment.unixMs >= state.atMs ? failed(state, moment) : state;
}

function settle(state: RotationState, { unixMs }: RotationMoment): RotationStep {
  const due = state.phase === 'holding' && unixMs >= state.atMs;
  const next: RotationState = due
    ? { ...state, phase: 'asking', atMs: unixMs + ANSWER_TIMEOUT_MS }
    : state;
  const againMs = Math.max(1, Math.min(next.atMs - unixMs, LOOK_AGAIN_MS));
  return { state: next, ask: due, againMs };
}
