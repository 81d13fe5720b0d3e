/** The store in a process of its own that is killed with SIGKILL while it commits: what it had acknowledged is there. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DocumentChange, StoredLink } from '../../core/replication/store-contract.ts';
import { type BoardStore, openStore } from '../../core/store/index.ts';
import { nodeFiles } from './files.ts';
import { createLogger } from './log.ts';

const ROUNDS = 10;
const IN_FLIGHT = 4;
const KEYS = 12;
const CHILD = 'store-kill-child';

const log = createLogger({ write: () => undefined });
const open = (folder: string): BoardStore =>
  openStore({ files: nodeFiles, folder, log, compactBytes: 4000 });

/** Commit number `i` is always the same: it puts two documents and removes one. */
function changesOf(i: number): DocumentChange[] {
  const body = new Uint8Array(20 + ((i * 37) % 200)).fill(i % 251);
  return [
    { board: 'b', kind: 1, name: `ns/${i % KEYS}`, body },
    { board: 'b', kind: 4, name: `ns/${(i * 5) % KEYS}`, body: body.subarray(0, 7) },
    { board: 'b', kind: 1, name: `ns/${(i + 7) % KEYS}` },
  ];
}

function expectedAfter(commits: number): Map<string, string> {
  const documents = new Map<string, string>();
  for (let i = 1; i <= commits; i++)
    for (const { kind, name, body } of changesOf(i)) {
      if (body === undefined) documents.delete(`${kind} ${name}`);
      else documents.set(`${kind} ${name}`, body.join());
    }
  return documents;
}

const found = (link: StoredLink): Map<string, string> =>
  new Map(
    (link.boards[0]?.desired ?? []).map((each) => [`${each.kind} ${each.name}`, each.body.join()]),
  );

/** Commits for ever, a few at a time, and says each number once it is acknowledged. */
function runChild(folder: string): void {
  const store = open(folder);
  const link = store.load();
  if (!link.ok) throw new Error(link.message);
  let next = link.value.mark + 1;
  const commit = (): void => {
    const mark = next++;
    store.commitDesired(changesOf(mark), mark, (result) => {
      if (!result.ok) throw new Error(result.message);
      writeSync(1, `${mark}\n`);
      commit();
    });
  };
  for (let i = 0; i < IN_FLIGHT; i++) commit();
}

/** Kills the child some milliseconds after its first acknowledgement; answers the last number that it said. */
async function killedRun(folder: string, afterMs: number): Promise<number> {
  const file = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, file, CHILD, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('close', (_code, signal) => resolve(signal));
  });
  let said = '';
  const first = new Promise<void>((resolve) => {
    child.stdout.on('data', (bytes) => {
      said += String(bytes);
      resolve();
    });
  });
  await Promise.race([first, exited]);
  await delay(afterMs);
  child.kill('SIGKILL');
  assert.is(await exited, 'SIGKILL', 'the child ended by itself');
  // A number whose newline is missing was not wholly said; it counts as not said.
  return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
}

if (process.argv[2] === CHILD) runChild(process.argv[3] ?? '');
else {
  test('all that was acknowledged before SIGKILL is there, and nothing is there in part', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'boardlet-store-'));
    let before = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await killedRun(folder, Math.floor(Math.random() * 60));
      const store = open(folder);
      const link = store.load();
      if (!link.ok) throw new Error(link.message);
      const { mark } = link.value;
      const where = `round ${round}: acknowledged ${acknowledged}, found ${mark}`;
      assert.ok(mark >= acknowledged && mark <= acknowledged + IN_FLIGHT + 1, where);
      assert.ok(acknowledged > before, where);
      assert.equal([...found(link.value)].sort(), [...expectedAfter(mark)].sort(), where);
      await new Promise((done) => store.close(done));
      before = mark;
    }
    rmSync(folder, { recursive: true });
  });
  test.run();
}
