/** Calls to projection that wait for the API; a refusal is logged, and the link asks again in its own time. */
import type { ReplicaEffect } from './replica-types.ts';
import type { SessionServerOptions } from './session-options.ts';

export type JournalEffect = Extract<ReplicaEffect, { type: 'journal' }>;

/** True once the sink has the entries: only then are they acknowledged (J2). */
export async function takeJournal(
  { sink, log }: SessionServerOptions,
  { board, entries, lost }: JournalEffect,
): Promise<boolean> {
  try {
    await sink.journal(board, entries, lost);
    return true;
  } catch (error) {
    log.warn('session.journal', { board, error: String(error) });
    return false;
  }
}

/** Undefined: the API did not answer. */
export async function readRevision({
  source,
  log,
}: SessionServerOptions): Promise<number | undefined> {
  try {
    return await source.readRevision();
  } catch (error) {
    log.warn('session.read-revision', { error: String(error) });
    return undefined;
  }
}
