/** Random operations, restarts and power cuts beside a plain model of what must be there. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HostResult, Logger } from '../host.ts';
import type { StoredLink } from '../replication/store-contract.ts';
import { createMemoryFiles } from './memory-files.ts';
import { type BoardStore, openStore } from './store.ts';

const nothing = (): void => undefined;
const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const SEEDS = 150;
const STEPS = 60;

/** xorshift32: the same run for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2654435761 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Model {
  mark: number;
  boots: number;
  readonly documents: Map<string, string>;
  readonly journal: string[];
  lost: number;
}
const copyOf = (model: Model): Model => ({
  ...model,
  documents: new Map(model.documents),
  journal: [...model.journal],
});

function flat(link: StoredLink): Model {
  const model: Model = {
    mark: link.mark,
    boots: link.boots,
    documents: new Map(),
    journal: [],
    lost: 0,
  };
  for (const board of link.boards) {
    for (const set of ['desired', 'reported'] as const)
      for (const { kind, name, body } of board[set])
        model.documents.set(`${set} ${board.id} ${kind} ${name}`, body.join());
    for (const { segment, first, entries } of board.journal)
      for (const [i, entry] of entries.entries())
        model.journal.push(`${segment} ${first + i} ${entry.join()}`);
    model.lost += board.lost;
  }
  return model;
}
const sorted = (model: Model) => ({
  ...model,
  documents: [...model.documents].sort(),
  journal: [...model.journal].sort(),
});

interface Run {
  readonly store: BoardStore;
  readonly model: Model;
  readonly random: (below: number) => number;
  n: number;
}

function changeDocuments(run: Run, set: 'desired' | 'reported') {
  return Array.from({ length: 1 + run.random(4) }, () => {
    const board = `b${run.random(2)}`;
    const kind = 1 + run.random(3);
    const name = `ns/${run.random(6)}`;
    const key = `${set} ${board} ${kind} ${name}`;
    if (run.random(4) === 0) {
      run.model.documents.delete(key);
      return { board, kind, name };
    }
    const body = new Uint8Array(run.random(60)).fill(run.random(256));
    run.model.documents.set(key, body.join());
    return { board, kind, name, body };
  });
}

/** One operation; true when it must have survived any power cut once answered. */
async function step(run: Run): Promise<boolean> {
  const { store, model, random } = run;
  const choice = random(5);
  if (choice === 0) {
    const changes = changeDocuments(run, 'desired');
    model.mark += 1;
    const done = await new Promise<HostResult<void>>((answer) =>
      store.commitDesired(changes, model.mark, answer),
    );
    assert.ok(done.ok);
    return true;
  }
  if (choice < 3) {
    const durable = choice === 1;
    const changes = changeDocuments(run, 'reported');
    await new Promise<HostResult<void>>((answer) => store.saveReported(changes, durable, answer));
    return durable;
  }
  if (choice === 3) {
    const entry = new Uint8Array([run.n]);
    store.appendJournal('b0', 9, run.n, entry);
    model.journal.push(`9 ${run.n} ${entry.join()}`);
    run.n += 1;
  } else {
    model.lost += 1;
    const n = Math.max(0, run.n - 1 - random(3));
    store.trimJournal('b0', 9, n, model.lost);
    const kept = model.journal.filter((each) => Number(each.split(' ')[1]) > n);
    model.journal.splice(0, model.journal.length, ...kept);
  }
  // Lazy calls have no answer: wait for one behind them.
  await new Promise<HostResult<void>>((answer) => store.saveReported([], false, answer));
  return false;
}

test('whatever was durable is there after any restart or power cut, in the state after some later operation', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = randomOf(seed);
    let files = createMemoryFiles();
    let model: Model = { mark: 0, boots: 0, documents: new Map(), journal: [], lost: 0 };
    let n = 0;
    for (let life = 0; life < 3; life++) {
      const store = openStore({ files, folder: '/s', log, compactBytes: 300 + random(600) });
      const loaded = store.load();
      if (!loaded.ok) throw new Error(loaded.message);
      model.boots = loaded.value.boots;
      assert.equal(sorted(flat(loaded.value)), sorted(model), `seed ${seed}, life ${life}`);
      const run: Run = { store, model, random, n };
      const states = [copyOf(model)];
      for (let i = random(STEPS); i > 0; i--) {
        if (await step(run)) states.length = 0;
        states.push(copyOf(model));
      }
      n = run.n;
      files = files.powerCut((unsynced) => random(unsynced + 1));
      model = survivor(
        files.powerCut((all) => all),
        states,
        `seed ${seed}, life ${life}`,
      );
    }
  }
});

/** The state of the model that the files hold now. */
function survivor(
  files: ReturnType<typeof createMemoryFiles>,
  states: Model[],
  where: string,
): Model {
  const loaded = openStore({ files, folder: '/s', log }).load();
  if (!loaded.ok) throw new Error(loaded.message);
  const found = JSON.stringify(sorted({ ...flat(loaded.value), boots: 0 }));
  const match = states.find((state) => JSON.stringify(sorted({ ...state, boots: 0 })) === found);
  if (match === undefined) throw new Error(`${where}: a state that never was: ${found}`);
  return match;
}

test.run();
