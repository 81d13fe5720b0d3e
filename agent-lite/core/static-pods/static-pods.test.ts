import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventEntry, StaticPodDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFiles } from '../../host/node/files.ts';
import { parseYaml } from '../../host/node/texts.ts';
import type { BoardDocuments } from '../documents.ts';
import { createStaticPods, type StaticPods } from './static-pods.ts';

let folder: string;
let open: StaticPods[] = [];
let events: EventEntry[] = [];
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'boardlet-static-'));
  open = [];
  events = [];
});
test.after.each(() => {
  for (const pods of open) pods.close();
  rmSync(folder, { recursive: true, force: true });
});

const silent = () => undefined;

async function start(
  before: ReadonlyMap<string, StaticPodDocument> = new Map(),
  node = 'board',
): Promise<StaticPods> {
  const documents = {
    event: (entry: EventEntry) => events.push(entry),
    reported: () => before,
  } as unknown as Pick<BoardDocuments, 'event' | 'reported'>;
  const pods = createStaticPods({
    files: nodeFiles,
    folder,
    node,
    sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    decodeText: (bytes) => Buffer.from(bytes).toString('utf8'),
    parseYaml,
    documents,
    clock: { monotonicMs: () => performance.now(), unixMs: () => 5 },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  open.push(pods);
  await pods.start();
  return pods;
}

const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
const yaml = (name: string, command = '/bin/true'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - name: main\n    image: boardlet.dev/host\n    command: [${command}]\n`;
const json = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'main', image: 'boardlet.dev/host' }] },
  });
/** The watch keeps no process alive, so the wait does. */
const changed = (pods: StaticPods): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no change seen')), 20_000);
    pods.onChange(() => {
      clearTimeout(timer);
      resolve();
    });
  });

test('reads YAML and JSON, names the mirror after the node, derives the uid from the hash', async () => {
  write('a.yaml', yaml('a'));
  write('b.json', json('b'));
  write('c.yml', json('c'));
  write('.hidden.yaml', yaml('hidden'));
  write('notes.txt', 'no manifest');
  const pods = (await start()).pods();
  assert.equal([...pods.keys()], ['default/a-board', 'default/b-board', 'default/c-board']);
  const a = pods.get('default/a-board');
  assert.match(a?.hash ?? '', /^[0-9a-f]{32}$/);
  assert.is(a?.pod.uid.replaceAll('-', ''), a?.hash);
  assert.match(a?.pod.uid ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(events, []);
});

test('the same file is another pod on another board, and the same after a restart', async () => {
  write('a.yaml', yaml('a'));
  const uid = async (node: string) =>
    [...(await start(new Map(), node)).pods().values()][0]?.pod.uid;
  assert.is(await uid('one'), await uid('one'));
  assert.is.not(await uid('one'), await uid('two'));
});

test('one bad file hurts no other, and is told once with the path of what is wrong', async () => {
  write('a.yaml', yaml('a'));
  write('bad.yaml', `${yaml('bad')}    livenessProbe: {}\n`);
  write('broken.json', '{"apiVersion":');
  write('tabs.yaml', 'a:\n\t- b: [');
  write('empty.yaml', '');
  write('twin.yaml', yaml('a', '/bin/false'));
  const pods = await start();
  assert.equal([...pods.pods().keys()], ['default/a-board']);
  const told = events.map((e) => `${e.reason} ${e.about} ${e.message.split(' ')[0]}`).sort();
  assert.equal(told, [
    'InvalidStaticPod node bad.yaml:',
    'InvalidStaticPod node broken.json:',
    'InvalidStaticPod node empty.yaml:',
    'InvalidStaticPod node tabs.yaml:',
    'InvalidStaticPod node twin.yaml:',
  ]);
  const bad = events.find((e) => e.message.startsWith('bad.yaml'));
  assert.match(bad?.message ?? '', /spec.containers\[0\].livenessProbe is not supported/);
  const before = events.length;
  const next = changed(pods);
  write('z.yaml', yaml('z'));
  await next;
  assert.is(events.length, before);
});

test('follows the folder: a new file, a changed one, a removed one', async () => {
  const pods = await start();
  assert.is(pods.pods().size, 0);
  let next = changed(pods);
  write('a.yaml', yaml('a'));
  await next;
  const first = pods.pods().get('default/a-board')?.hash;
  next = changed(pods);
  write('a.yaml', yaml('a', '/bin/false'));
  await next;
  assert.is.not(pods.pods().get('default/a-board')?.hash, first);
  next = changed(pods);
  rmSync(join(folder, 'a.yaml'));
  await next;
  assert.is(pods.pods().size, 0);
});

test('a file that turns bad keeps its last good pod', async () => {
  write('a.yaml', yaml('a'));
  const pods = await start();
  const hash = pods.pods().get('default/a-board')?.hash;
  const next = changed(pods);
  write('a.yaml', 'half written');
  write('b.yaml', yaml('b'));
  await next;
  assert.is(pods.pods().get('default/a-board')?.hash, hash);
  assert.is(pods.pods().size, 2);
});

test('a file that is bad when the agent starts keeps what ran before, until every file is good', async () => {
  write('a.yaml', yaml('a'));
  const before = new Map((await start()).pods());
  write('a.yaml', 'half written');
  const pods = await start(before);
  assert.equal([...pods.pods().keys()], ['default/a-board']);
  const next = changed(pods);
  write('a.yaml', yaml('renamed'));
  await next;
  assert.equal([...pods.pods().keys()], ['default/renamed-board']);
});

test('a file over the limit of a document is refused unread', async () => {
  write('big.yaml', `${yaml('big')}#${'x'.repeat(262_144)}`);
  assert.is((await start()).pods().size, 0);
  assert.match(events[0]?.message ?? '', /is over 262144 bytes/);
});

test('a pipe, a device and a link to nowhere are refused unread, and hurt no other', async () => {
  execFileSync('mkfifo', [join(folder, 'a-pipe.yaml')]);
  symlinkSync('/dev/zero', join(folder, 'b-endless.yaml'));
  symlinkSync('/nowhere', join(folder, 'c-broken.yaml'));
  write('d.yaml', yaml('d'));
  assert.equal([...(await start()).pods().keys()], ['default/d-board']);
  assert.equal(
    events.map(({ message }) => message.split(':', 1)[0]),
    ['a-pipe.yaml', 'b-endless.yaml', 'c-broken.yaml'],
  );
});

test('a file that grows by its aliases is refused as a large one is', async () => {
  const args = `    args: [&a ${'x'.repeat(2000)}${', *a'.repeat(2000)}]\n`;
  write('args.yaml', yaml('args') + args);
  const labels = Array.from({ length: 200 }, (_, i) => `l${i}: *a`).join(', ');
  write(
    'map.yaml',
    yaml('map').replace(
      'name: map',
      `annotations: {l: &a ${'x'.repeat(2000)}, ${labels}}\n  name: map`,
    ),
  );
  assert.is((await start()).pods().size, 0);
  const told = events.map(({ message }) => message);
  assert.match(told[0] ?? '', /args\.yaml: its texts are over 262144 characters in all/);
  assert.match(told[1] ?? '', /map\.yaml: its texts are over 262144/);
});

test('a folder that is not there holds no pods, until it is', async () => {
  rmSync(folder, { recursive: true });
  assert.is((await start()).pods().size, 0);
  assert.equal(events, []);
});

test.run();
