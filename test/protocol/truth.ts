/** What the Kubernetes API would hold: documents by board, and the history by which versions are judged. */
import { decode, encode } from '@boardlet/adapters/wire';

/** Kinds of the registry that stand for all others here. */
export const DESIRED_KIND = 1;
export const REPORTED_KIND = 5;

export interface TruthChange {
  readonly revision: number;
  readonly board: string;
  readonly name: string;
  /** Absent: deleted. */
  readonly body?: Uint8Array;
}

/** A body that says which version it is; `bytes` more make it large. */
export function versionedBody(version: number, bytes = 0): Uint8Array {
  return encode(bytes === 0 ? version : [version, new Uint8Array(bytes)]);
}

export function versionOf(body: Uint8Array): number {
  const decoded = decode(body);
  const value = decoded.ok ? decoded.value : undefined;
  const first = Array.isArray(value) ? value[0] : value;
  if (typeof first !== 'number') throw new Error('not a versioned body');
  return first;
}

export class Truth {
  readonly log: TruthChange[] = [];
  readonly present: Map<string, Map<string, Uint8Array>> = new Map();

  get revision(): number {
    return this.log.length;
  }

  set(board: string, name: string, bytes = 0): void {
    const revision = this.revision + 1;
    const body = versionedBody(revision, bytes);
    this.log.push({ revision, board, name, body });
    this.#documents(board).set(name, body);
  }

  remove(board: string, name: string): void {
    if (!this.#documents(board).delete(name)) return;
    this.log.push({ revision: this.revision + 1, board, name });
  }

  /** The version that a key had, or lost, at or before `revision`; 0: never there. */
  versionAt(board: string, name: string, revision: number): number {
    for (let i = Math.min(revision, this.log.length) - 1; i >= 0; i--) {
      const change = this.log[i];
      if (change?.board === board && change.name === name) return change.revision;
    }
    return 0;
  }

  #documents(board: string): Map<string, Uint8Array> {
    let found = this.present.get(board);
    if (found === undefined) {
      found = new Map();
      this.present.set(board, found);
    }
    return found;
  }
}
