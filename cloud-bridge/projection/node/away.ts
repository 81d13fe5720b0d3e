/** Why a board is away, in the words that stand on its Node and pods. */
import type { OfflineReason } from '../../session/contract.ts';
import { timestamp } from '../text.ts';

export interface Away {
  readonly reason: OfflineReason;
  /** When the bridge learnt of it. */
  readonly sinceMs: number;
  /** Last beat, where known. */
  readonly lastBeatMs?: number;
}

const TEXTS: Readonly<Record<OfflineReason, string>> = {
  Goodbye: 'The board said goodbye',
  LinkLost: 'The broker lost the connection of the board',
  HeartbeatMissed: 'No beat from the board for 3.5 intervals',
  Moved: 'An operator moved the board to another link',
  Removed: 'An operator removed the board',
  NotBound: 'The link of the board may carry it no longer',
};

export function awayReason(away: Away): string {
  return `Board${away.reason}`;
}

/** Not a guess: the board, or an operator, said so. */
export function isCertain({ reason }: Away): boolean {
  return reason === 'Goodbye' || reason === 'Removed' || reason === 'Moved';
}

/** Without times, so that Events of it are counted and not multiplied. */
export function awayText(away: Away): string {
  return TEXTS[away.reason];
}

export function awayMessage(away: Away): string {
  const beat = away.lastBeatMs === undefined ? '' : `, last beat ${timestamp(away.lastBeatMs)}`;
  return `${TEXTS[away.reason]}; noticed ${timestamp(away.sinceMs)}${beat}`;
}
