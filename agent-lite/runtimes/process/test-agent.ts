/** For tests only: the least agent that has pods. Reads the desired pods from a file, and prints each status and event as a line. */
import { readFileSync, watchFile } from 'node:fs';
import type { DocumentBodies, EventEntry, PodDocument } from '@boardlet/adapters/wire';
import type {
  BoardDocuments,
  DesiredChange,
  DesiredKind,
  ReportedKind,
} from '../../core/documents.ts';
import type { Logger } from '../../core/host.ts';
import { createPodEngine } from '../../core/pods/index.ts';
import { createProcessRuntime } from './index.ts';

const [, , desiredPath = '', rootDir = '', shimScript = ''] = process.argv;
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

class FileDocuments implements BoardDocuments {
  pods = read();
  readonly #reported = new Map<ReportedKind, Map<string, unknown>>();

  desired<K extends DesiredKind>(kind: K): ReadonlyMap<string, DocumentBodies[K]> {
    const pods: ReadonlyMap<string, unknown> = kind === 'pod' ? this.pods : new Map();
    return pods as ReadonlyMap<string, DocumentBodies[K]>;
  }

  reported<K extends ReportedKind>(kind: K): ReadonlyMap<string, DocumentBodies[K]> {
    return (this.#reported.get(kind) ?? new Map()) as ReadonlyMap<string, DocumentBodies[K]>;
  }

  onDesired(listener: (changes: readonly DesiredChange[]) => void): void {
    watchFile(desiredPath, { interval: 20 }, () => {
      const names = new Set(this.pods.keys());
      this.pods = read();
      for (const name of this.pods.keys()) names.add(name);
      listener([...names].map((name) => ({ kind: 'pod', name })));
    });
  }

  report<K extends ReportedKind>(kind: K, name: string, body?: DocumentBodies[K]): void {
    const map = this.#reported.get(kind) ?? new Map<string, unknown>();
    this.#reported.set(kind, map);
    if (body === undefined) map.delete(name);
    else map.set(name, body);
    const phase = body !== undefined && 'phase' in body ? body.phase : 'removed';
    say({ name, phase, body });
  }

  event(entry: EventEntry): void {
    say({ event: entry.reason, name: entry.name, message: entry.message });
  }
}

function read(): Map<string, PodDocument> {
  const pods = JSON.parse(readFileSync(desiredPath, 'utf8')) as Record<string, PodDocument>;
  return new Map(Object.entries(pods));
}

const line = (event: string, fields?: unknown) =>
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
const log: Logger = { debug: line, info: line, warn: line, error: line };
const clock = { monotonicMs: () => performance.now(), unixMs: () => Date.now() };
const timers = {
  after: (delayMs: number, fire: () => void) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
const runtime = createProcessRuntime({
  rootDir,
  nodeExecPath: process.execPath,
  shimScript,
  clock,
  timers,
  log,
});
createPodEngine({
  documents: new FileDocuments(),
  runtimes: [runtime],
  policy: { check: () => undefined },
  clock,
  timers,
  log,
}).start();
say({ started: true });
