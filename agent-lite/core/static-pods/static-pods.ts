/** Keeps the set of static pods equal to the manifests in a folder. */
import {
  BoardletError,
  encodeDocument,
  LIMITS,
  type StaticPodDocument,
} from '@boardlet/adapters/wire';
import type { BoardDocuments } from '../documents.ts';
import type { Clock, Files, Logger } from '../host.ts';
import { parseManifest } from './manifest.ts';

export interface StaticPodsOptions {
  readonly files: Files;
  readonly folder: string;
  /** Name of the node: a static pod's mirror is called `<name>-<node>`. */
  readonly node: string;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** UTF-8 → text; may replace what is ill-formed. */
  readonly decodeText: (bytes: Uint8Array) => string;
  /** Absent: manifests in JSON only. Rejects with a message that names the line. */
  readonly parseYaml?: (text: string) => Promise<unknown>;
  readonly documents: Pick<BoardDocuments, 'event' | 'reported'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface StaticPods {
  /** Reads the folder and watches it from then on. Resolves after the first reading: only then may pods be reconciled,
   * lest the static ones be taken for orphans. */
  readonly start: () => Promise<void>;
  readonly close: () => void;
  readonly pods: () => ReadonlyMap<string, StaticPodDocument>;
  readonly onChange: (listener: () => void) => void;
}

const MOST_FILES = 256;
const MANIFEST = /^[^.].*\.(yaml|yml|json)$/;
const HASH_DIGITS = 32;

interface GoodReading {
  readonly ok: true;
  readonly name: string;
  readonly document: StaticPodDocument;
}
type Reading = GoodReading | { readonly ok: false; readonly problem: string };

/** Creates without effect. A file that turns bad keeps its last good pod; one that is bad from the start hurts no other. */
export function createStaticPods(options: StaticPodsOptions): StaticPods {
  const folder = new ManifestFolder(options);
  return {
    start: () => folder.start(),
    close: () => folder.close(),
    pods: () => folder.pods,
    onChange: (listener) => folder.listeners.push(listener),
  };
}

class ManifestFolder {
  pods: ReadonlyMap<string, StaticPodDocument> = new Map();
  readonly listeners: (() => void)[] = [];
  readonly #o: StaticPodsOptions;
  /** Last good reading of each file. */
  #good: ReadonlyMap<string, GoodReading> = new Map();
  #problems: ReadonlyMap<string, string> = new Map();
  /** What an earlier agent process ran, kept while a file is bad and was never good in this process. */
  #before: ReadonlyMap<string, StaticPodDocument> = new Map();
  #watch: { readonly close: () => void } | undefined;
  #scanning = false;
  #again = false;
  #closed = false;

  constructor(options: StaticPodsOptions) {
    this.#o = options;
  }

  async start(): Promise<void> {
    this.#before = new Map(this.#o.documents.reported('staticPod'));
    this.#watch = this.#o.files.watchFolder(this.#o.folder, () => {
      this.#scan().catch((error) => this.#failed(error));
    });
    await this.#scan();
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
  }

  #failed(error: unknown): void {
    this.#o.log.error('static-pods.scan-failed', { error: String(error) });
  }

  async #scan(): Promise<void> {
    this.#again = true;
    if (this.#scanning) return;
    this.#scanning = true;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#scanOnce();
      }
    } finally {
      this.#scanning = false;
    }
  }

  async #scanOnce(): Promise<void> {
    const listed = this.#o.files.list(this.#o.folder);
    const problems = new Map<string, string>();
    if (!listed.ok && listed.code !== 'BL_HOST_NOT_FOUND') {
      problems.set('', `cannot be listed: ${listed.message}`);
      this.#tell(problems);
      return;
    }
    const files = (listed.ok ? listed.value : []).filter((file) => MANIFEST.test(file)).sort();
    if (files.length > MOST_FILES) problems.set('', `holds more than ${MOST_FILES} manifests`);
    const readings = new Map<string, Reading>();
    for (const file of files.slice(0, MOST_FILES)) readings.set(file, await this.#read(file));
    if (this.#closed) return;
    this.#take(readings, problems);
    this.#tell(problems);
  }

  #take(readings: ReadonlyMap<string, Reading>, problems: Map<string, string>): void {
    const good = new Map<string, GoodReading>();
    let blind = false;
    for (const [file, reading] of readings) {
      const kept = reading.ok ? reading : this.#good.get(file);
      if (!reading.ok) problems.set(file, reading.problem);
      if (kept === undefined) blind = true;
      else good.set(file, kept);
    }
    this.#good = good;
    if (!blind) this.#before = new Map();
    this.#publish(this.#byName(good, problems));
  }

  #byName(
    good: ReadonlyMap<string, GoodReading>,
    problems: Map<string, string>,
  ): Map<string, StaticPodDocument> {
    const pods = new Map<string, StaticPodDocument>();
    for (const [file, { name, document }] of good) {
      if (pods.has(name)) problems.set(file, `another file defines the pod ${name} already`);
      else pods.set(name, document);
    }
    for (const [name, document] of this.#before) if (!pods.has(name)) pods.set(name, document);
    return pods;
  }

  #publish(pods: ReadonlyMap<string, StaticPodDocument>): void {
    const before = this.pods;
    this.pods = pods;
    const same =
      before.size === pods.size &&
      [...pods].every(([name, document]) => before.get(name)?.hash === document.hash);
    if (!same) for (const listener of this.listeners) listener();
  }

  /** A problem is told once, until it changes. */
  #tell(problems: ReadonlyMap<string, string>): void {
    for (const [file, problem] of problems)
      if (this.#problems.get(file) !== problem) this.#tellOne(file || this.#o.folder, problem);
    this.#problems = problems;
  }

  #tellOne(where: string, problem: string): void {
    this.#o.log.warn('static-pods.bad-manifest', { file: where, problem });
    this.#o.documents.event({
      warning: true,
      reason: 'InvalidStaticPod',
      message: `${where}: ${problem}`.slice(0, 512),
      about: 'node',
      name: '-',
      unixMs: this.#o.clock.unixMs(),
    });
  }

  async #read(file: string): Promise<Reading> {
    const path = `${this.#o.folder}/${file}`;
    const size = this.#o.files.size(path);
    if (!size.ok) return { ok: false, problem: size.message };
    if (size.value > LIMITS.documentBytes)
      return { ok: false, problem: `is over ${LIMITS.documentBytes} bytes` };
    const bytes = this.#o.files.readRange(path, 0, size.value);
    if (!bytes.ok) return { ok: false, problem: bytes.message };
    return await this.#parse(file, bytes.value);
  }

  async #parse(file: string, bytes: Uint8Array): Promise<Reading> {
    let value: unknown;
    try {
      value = await this.#parseText(file, this.#o.decodeText(bytes));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { ok: false, problem: reason.split('\n', 1)[0] ?? reason };
    }
    const manifest = parseManifest(value);
    if (!manifest.ok) {
      const texts = manifest.problems.map((p) =>
        p.path === '' ? p.message : `${p.path} ${p.message}`,
      );
      return { ok: false, problem: texts.join('; ') };
    }
    const { namespace, name, pod, labels, annotations } = manifest.value;
    const mirror = `${namespace}/${name}-${this.#o.node}`;
    const hash = this.#hash(mirror, bytes);
    const document = { hash, pod: { ...pod, uid: uidOf(hash) }, labels, annotations };
    const problem = unfit(mirror, document);
    return problem === undefined ? { ok: true, name: mirror, document } : { ok: false, problem };
  }

  async #parseText(file: string, text: string): Promise<unknown> {
    if (file.endsWith('.json') || /^\s*\{/.test(text)) return JSON.parse(text);
    if (this.#o.parseYaml === undefined)
      throw new SyntaxError('this host reads manifests in JSON only');
    return await this.#o.parseYaml(text);
  }

  /** Over the mirror's name and the file: one file on two boards makes two pods. */
  #hash(mirror: string, bytes: Uint8Array): string {
    const input = new Uint8Array(mirror.length + 1 + bytes.length);
    for (let i = 0; i < mirror.length; i++) input[i] = mirror.charCodeAt(i);
    input.set(bytes, mirror.length + 1);
    const hex = [...this.#o.sha256(input)].map((byte) => byte.toString(16).padStart(2, '0'));
    return hex.join('').slice(0, HASH_DIGITS);
  }
}

/** Why the pod cannot be told to the bridge; a pod that runs and is not seen is worse than none. */
function unfit(name: string, document: StaticPodDocument): string | undefined {
  const { documentBytes, nameBytes } = LIMITS;
  if (name.length > nameBytes) return `the name ${name} is over ${nameBytes} bytes`;
  try {
    const { length } = encodeDocument('staticPod', document);
    return length > documentBytes ? `the pod is over ${documentBytes} bytes` : undefined;
  } catch (error) {
    if (!(error instanceof BoardletError)) throw error;
    return error.message;
  }
}

/** In the form of a UUID, which the wire carries in 16 bytes. */
const uidOf = (hash: string): string =>
  [
    hash.slice(0, 8),
    hash.slice(8, 12),
    hash.slice(12, 16),
    hash.slice(16, 20),
    hash.slice(20),
  ].join('-');
