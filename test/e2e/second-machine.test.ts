/** A second machine joins by a token, is listed, shown, moved and removed; and a gateway's token. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  boardctl,
  conditionOf,
  eventsOn,
  joinToken,
  type Program,
  startProgram,
  type Token,
} from './program.ts';
import { eventually, openWorld, readyOf, shellPod, TEST_POLICY, type World } from './world.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_UNAVAILABLE = 69;

/** Short, so that renewals are seen. */
const world: World = await openWorld({ args: { bridge: ['--certificate-lifetime', '20'] } });
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

const dir = (name: string): string => join(world.folder, name);
const agents = new Map<string, Program>();
const join_ = (at: string, token: Token, ...more: readonly string[]) =>
  world.stack.run('boardlet-agent', ['join', token.url, token.token, '--dir', dir(at), ...more]);
async function runAgent(at: string): Promise<Program> {
  writeFileSync(join(dir(at), 'policy.yaml'), JSON.stringify(TEST_POLICY));
  const agent = await startProgram('boardlet-agent', ['run', '--dir', dir(at)]);
  agents.set(at, agent);
  return agent;
}
const ready = (node: string): Promise<unknown> =>
  eventually(
    `${node} Ready`,
    async () => (await conditionOf(world, node, 'Ready'))?.status === 'True',
  );

interface Row {
  readonly board: string;
  readonly link: string;
  readonly node: string;
  readonly ready: string;
}
async function rows(): Promise<readonly Row[]> {
  const listed = await boardctl(world, '--json', 'board', 'list');
  assert.is(listed.code, 0, listed.stderr);
  return JSON.parse(listed.stdout) as readonly Row[];
}

let used: Token;

/** Seconds that no other process on this machine sleeps. */
const SECOND_SLEEP = String(1_000_000 + process.pid);
const runs = (sleep: string): boolean => {
  try {
    return execFileSync('pgrep', ['-f', `^sleep ${sleep}$`], { encoding: 'utf8' }) !== '';
  } catch {
    return false;
  }
};

test('join-token prints the command, and what it prints makes a second node', async () => {
  const told = await boardctl(world, 'board', 'join-token', '--board', 'pump-2');
  const [, url = '', token = ''] = /boardlet-agent join (\S+) (\S+)/.exec(told.stdout) ?? [];
  used = { url, token, command: '' };
  const joined = await join_('pump-2', used);
  assert.is(joined.code, 0, joined.stderr);
  assert.match(joined.stdout, /board pump-2 of fleet demo: node demo-pump-2/);
  assert.not(joined.stdout.includes(token));
  await runAgent('pump-2');
  await ready('demo-pump-2');
  await world.apply({
    ...shellPod({
      name: 'there',
      script: `echo on the second; exec sleep ${SECOND_SLEEP}`,
      extra: { nodeName: 'demo-pump-2' },
    }),
  });
  await eventually('its log', async () =>
    (await world.kubectl('logs', 'there')).stdout.includes('on the second'),
  );
  assert.ok(runs(SECOND_SLEEP));
});

test('list and show know both boards', async () => {
  const both = await eventually('both ready', async () => {
    const now = await rows();
    return now.length === 2 && now.every((r) => r.ready === 'True') && now;
  });
  assert.equal(both.map((r) => [r.board, r.link, r.node]).sort(), [
    ['press-17', 'press-17', 'demo-press-17'],
    ['pump-2', 'pump-2', 'demo-pump-2'],
  ]);
  const table = await boardctl(world, 'board', 'list');
  assert.match(table.stdout, /^BOARD\s+LINK\s+NODE\s+READY\s+AGE/);
  const shown = await boardctl(world, 'board', 'show', 'pump-2');
  assert.match(shown.stdout, /Node:\s+demo-pump-2/);
  const missing = await boardctl(world, 'board', 'show', 'nobody');
  assert.is(missing.code, EXIT_FAILED);
  assert.match(missing.stderr, /BL_TRUST_NO_BOARD/);
});

test('a token that was used is refused, with a message and an exit code of its own', async () => {
  const again = await join_('thief', used);
  assert.is(again.code, EXIT_FAILED);
  assert.match(again.stderr, /refused.*token/i);
  assert.match(again.stderr, /BL_ENROLL_REFUSED/);
  assert.not(again.stderr.includes(used.token.split('.')[1] ?? ''));
  const nonsense = await join_('thief', { ...used, token: 'abc' });
  assert.is(nonsense.code, EXIT_USAGE);
  const nowhere = await join_('thief', { ...used, url: 'https://127.0.0.1:1' });
  assert.is(nowhere.code, EXIT_UNAVAILABLE);
  const twice = await join_('pump-2', used);
  assert.is(twice.code, EXIT_FAILED);
  assert.match(twice.stderr, /already.*--force/);
});

test('a token of another CA is sent nowhere', async () => {
  const { token, url } = await joinToken(world);
  const other = `${token.split('.').slice(0, 2).join('.')}.${'0'.repeat(64)}`;
  const refused = await join_('thief', { url, token: other, command: '' }, '--board', 'thief');
  assert.is(refused.code, EXIT_FAILED);
  assert.match(refused.stderr, /BL_ENROLL_CA/);
  const joined = await join_('third', { url, token, command: '' }, '--board', 'third');
  assert.is(joined.code, 0, joined.stderr);
});

test('an open token makes no board of a name that is taken', async () => {
  const token = await joinToken(world);
  const refused = await join_('thief', token, '--board', 'press-17');
  assert.is(refused.code, EXIT_FAILED);
  assert.match(refused.stderr, /press-17.*enrolled already/);
  await ready(world.node);
});

test("a gateway's token gives it its prefix, and nobody else's", async () => {
  const wrong = await boardctl(world, 'board', 'join-token', '--gateway', 'hall-3');
  assert.is(wrong.code, EXIT_USAGE);
  const token = await joinToken(world, '--gateway', 'hall-3', '--boards', '2');
  const stranger = await join_('hall-3', token, '--board', 'press-99');
  assert.is(stranger.code, EXIT_FAILED);
  const joined = await join_('hall-3', token);
  assert.is(joined.code, 0, joined.stderr);
  const identity = JSON.parse(readFileSync(join(dir('hall-3'), 'identity'), 'utf8')) as {
    link: string;
    gateway: unknown;
  };
  assert.is(identity.link, 'hall-3');
  assert.equal(identity.gateway, { prefix: 'hall-3', boards: 2 });
  await runAgent('hall-3');
  await ready('demo-hall-3');
  const shown = await boardctl(world, 'board', 'show', 'hall-3');
  assert.match(shown.stdout, /Gateway:\s+hall-3-…, up to 2 boards/);
});

const reasonOf = async (node: string): Promise<string> =>
  (await conditionOf(world, node, 'Ready'))?.reason ?? '';
const says = (node: string, reason: string): Promise<unknown> =>
  eventually(`${node} says ${reason}`, async () => {
    const said = await eventsOn(world, node);
    return (await reasonOf(node)) === reason && said.some((one) => one.startsWith(`${reason}: `));
  });
const warned = (at: string, text: string): Promise<unknown> =>
  eventually(`${at}: ${text}`, () =>
    Promise.resolve(agents.get(at)?.logs.some((line) => line.includes(text))),
  );

test('a board is moved to another link, and back, and no agent restarts', async () => {
  const nowhere = await boardctl(world, 'board', 'move', 'third', '--to', 'nobody');
  assert.match(nowhere.stderr, /BL_TRUST_NO_LINK/);
  await runAgent('third');
  await ready('demo-third');
  const moved = await boardctl(world, 'board', 'move', 'third', '--to', 'hall-3');
  assert.is(moved.code, 0, moved.stderr);
  assert.is((await rows()).find((r) => r.board === 'third')?.link, 'hall-3');
  await says('demo-third', 'BoardMoved');
  await warned('third', 'replication.dropped');
  const back = await boardctl(world, 'board', 'move', 'third', '--to', 'third');
  assert.is(back.code, 0, back.stderr);
  await ready('demo-third');
});

test('a gateway that carries boards is removed only with them', async () => {
  await boardctl(world, 'board', 'move', 'third', '--to', 'hall-3');
  const kept = await boardctl(world, 'board', 'remove', 'hall-3');
  assert.is(kept.code, EXIT_FAILED);
  assert.match(kept.stderr, /carries 1 other board/);
  const gone = await boardctl(world, '--json', 'board', 'remove', 'hall-3', '--cascade');
  assert.equal(JSON.parse(gone.stdout), { removed: ['hall-3', 'third'] });
  await says('demo-hall-3', 'BoardRemoved');
});

test('a board that was removed stops what it runs at once, its node says so, and it gets no new certificate', async () => {
  const removed = await boardctl(world, 'board', 'remove', 'pump-2');
  assert.is(removed.code, 0, removed.stderr);
  assert.equal(
    (await rows()).map((r) => r.board),
    ['press-17'],
  );
  await says('demo-pump-2', 'BoardRemoved');
  await warned('pump-2', 'replication.dropped');
  await eventually('its process is gone', () => Promise.resolve(!runs(SECOND_SLEEP)));
  await warned('pump-2', 'enroll.certificate-ended');
  assert.is(await reasonOf('demo-pump-2'), 'BoardRemoved');
  const deleted = await world.kubectl('delete', 'node', 'demo-pump-2');
  assert.is(deleted.code, 0, deleted.stderr);
  await ready(world.node);
});

test.after(async () => {
  for (const agent of agents.values()) await agent.stop();
  await world.close();
});
mkdirSync(dir('thief'), { recursive: true });
test.run();
