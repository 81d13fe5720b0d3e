/** What the pods part holds of one board. */
import type { PodStatusDocument, StaticPodDocument } from '@boardlet/adapters/wire';
import type { DesiredDocument } from '../../session/contract.ts';
import type { Refusal } from './desired.ts';

export interface BoardPods {
  /** Keys of the Pods bound to its Node, mirrors too. */
  readonly bound: Set<string>;
  readonly desired: Map<string, DesiredDocument>;
  readonly refused: Map<string, Refusal>;
  readonly reports: Map<string, PodStatusDocument>;
  readonly statics: Map<string, StaticPodDocument>;
  /** uid of a pod whose status the board deleted, by key. */
  readonly forgotten: Map<string, string>;
  /** uid of a pod that the board must stop though nobody deletes it, by key. */
  readonly stopping: Map<string, string>;
  /** Static pods whose deletion the board told. */
  readonly droppedStatics: Set<string>;
  staticKnown: boolean;
  /** All that the board reports is known. */
  known: boolean;
}

export function createBoardPods(): BoardPods {
  return {
    bound: new Set(),
    desired: new Map(),
    refused: new Map(),
    reports: new Map(),
    statics: new Map(),
    forgotten: new Map(),
    stopping: new Map(),
    droppedStatics: new Set(),
    staticKnown: false,
    known: false,
  };
}

/** What came from the board goes; what came from the API stays. */
export function forgetReports(board: BoardPods): void {
  board.reports.clear();
  board.statics.clear();
  board.forgotten.clear();
  board.stopping.clear();
  board.droppedStatics.clear();
  board.known = false;
  board.staticKnown = false;
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
