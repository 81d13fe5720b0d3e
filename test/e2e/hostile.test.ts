/** A link with a valid certificate that misbehaves gets nowhere, is shown, and hurts nobody else. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { shardName, shardOf } from '@boardlet/adapters/sets';
import {
  decodeDown,
  encodeDocument,
  encodeMessage,
  KINDS,
  type Message,
} from '@boardlet/adapters/wire';
import { connect, type MqttClient } from 'mqtt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, openWorld, readyOf, type World } from './world.ts';

interface Identity {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly brokers: readonly string[];
  readonly shards: number;
}

const world: World = await openWorld();
await eventually('node Ready', async () => (await readyOf(world)) === 'True');

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const identityIn = (dir: string): Identity =>
  JSON.parse(readFileSync(join(dir, 'identity'), 'utf8')) as Identity;
const topic = (link: string, channel: string, shards: number): string =>
  `bl/demo/${shardName(shardOf(sha256, link, shards))}/${link}/${channel}`;

const tokens: string[] = [];

async function enroll(board: string): Promise<Identity> {
  const made = await world.stack.run('boardctl', [
    '--kubeconfig',
    world.stack.kubeconfig,
    '--json',
    'board',
    'join-token',
    '--board',
    board,
  ]);
  const { token } = JSON.parse(made.stdout) as { token: string };
  tokens.push(token);
  const dir = join(world.folder, board);
  const url = `https://${String(world.stack.ready('bridge')['joinListen'])}`;
  const joined = await world.stack.run('boardlet-agent', ['join', url, token, '--dir', dir]);
  assert.is(joined.code, 0, joined.stderr);
  return identityIn(dir);
}

function connectAs(identity: Identity, clientId: string): Promise<MqttClient> {
  const url = identity.brokers.find((b) => b.startsWith('mqtts:')) ?? '';
  const client = connect(url, {
    clientId,
    username: clientId,
    clean: true,
    reconnectPeriod: 0,
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
  });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before it was connected')));
  });
}

const ended = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    if (!client.connected) resolve();
    client.once('close', () => resolve());
  });

async function eventOn(name: string, reason: string): Promise<void> {
  await eventually(`an Event ${reason} on ${name}`, async () => {
    const { stdout } = await world.kubectl(
      'get',
      'events',
      '-A',
      '--field-selector',
      `involvedObject.name=${name}`,
    );
    return stdout.includes(reason);
  });
}

/** The node is untouched: Ready, and its kernel is still this machine's. */
async function unharmed(): Promise<void> {
  assert.is(await readyOf(world), 'True');
  const node = await world.json('get', 'node', world.node);
  const info = node['status']?.['nodeInfo'] as unknown as Record<string, string>;
  assert.is.not(info['kernelVersion'], 'evil');
}

const evil = await enroll('evil');

test("another's client id is refused", async () => {
  await connectAs(evil, 'press-17').then(
    () => assert.unreachable('connected'),
    (error: Error) => assert.ok(error.message),
  );
  await unharmed();
});

test("publishing into another's subtree ends the connection", async () => {
  const client = await connectAs(evil, 'evil');
  const gone = ended(client);
  client.publish(topic('press-17', 'u', evil.shards), randomBytes(20), { qos: 1 });
  await gone;
  await unharmed();
});

/** Answers the bridge's greeting like a board would, with a board that is not its own. */
function claim(client: MqttClient, board: string): void {
  const send = (message: Message): void => {
    client.publish(topic('evil', 'u', evil.shards), Buffer.from(encodeMessage(message)), {
      qos: 1,
    });
  };
  const birth = (tag: number): Message => ({
    type: 'birth',
    tag,
    seq: 1,
    versions: [1],
    mark: 0,
    uptimeMs: 1,
    digests: [{ b: 0, desired: 0, reported: 0 }],
    boards: [{ b: 0, id: board, boots: 1 }],
    maxMessage: 65_536,
    kindsRead: 0xffff,
  });
  client.on('message', (_topic, payload) => {
    const down = decodeDown(payload);
    if (!down.ok || down.value.type !== 'hello') return;
    const { ses } = down.value;
    send(birth(ses));
    const body = encodeDocument('podStatus', { uid: 'x', phase: 'Failed', containers: [] });
    send({
      type: 'up',
      tag: ses,
      seq: 2,
      b: 0,
      ops: [{ op: 'put', kind: KINDS.podStatus, name: 'default/evil', body }],
    });
  });
  client.subscribe(topic('evil', 'd', evil.shards), { qos: 1 }, () => send(birth(0x1234_5678)));
}

test("claiming another's board is refused and shown on that board", async () => {
  const client = await connectAs(evil, 'evil');
  claim(client, 'press-17');
  await eventOn(world.node, 'NotMine');
  await unharmed();
  await client.endAsync();
});

test('rubbish is counted, shown, and hurts nobody', async () => {
  const client = await connectAs(evil, 'evil');
  for (let i = 0; i < 50; i++)
    client.publish(topic('evil', 'u', evil.shards), randomBytes(1 + (i % 40)), { qos: 1 });
  await eventually('shown', () =>
    Promise.resolve(world.logs.some((l) => l.startsWith('bridge:') && l.includes('BadMessages'))),
  );
  await unharmed();
  await client.endAsync();
});

/** The status of one request to a port of the stack, with a board's certificate; 0: the connection ended without an answer. */
function statusAs(identity: Identity, where: string, target: string): Promise<number> {
  const [host = '', port = ''] = where.split(':');
  const { ca, certificate: cert, key } = identity;
  return new Promise((resolve) => {
    const socket = connectTls({ host, port: Number(port), ca, cert, key }, () =>
      socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) =>
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(chunk))?.[1] ?? 0)),
    );
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(0));
  });
}

test("a board's certificate opens neither the API nor the kubelet endpoint, and no path brings them down", async () => {
  const kubelet = String(world.stack.ready('bridge')['kubeletListen']);
  const api = new URL(String(world.stack.ready('api')['url'])).host;
  for (const target of ['/containerLogs/default/a/b', '//', 'http://[', '*']) {
    assert.is(await statusAs(evil, kubelet, target), 403, target);
  }
  for (const target of ['/api/v1/secrets', '/api/v1/nodes', '//', '/openapi/v2']) {
    assert.is(await statusAs(evil, api, target), 403, target);
  }
  await unharmed();
});

test('a flood is ended by the broker while others are served', async () => {
  const client = await connectAs(evil, 'evil');
  const gone = ended(client);
  client.on('error', () => undefined);
  const payload = randomBytes(400);
  const pump = setInterval(() => {
    for (let i = 0; i < 2_000 && client.connected; i++)
      client.publish(topic('evil', 'u', evil.shards), payload, { qos: 0 });
  }, 50);
  await gone;
  clearInterval(pump);
  await unharmed();
});

test('a second agent with the same identity is told as a duplicate, and the first one keeps its node', async () => {
  const copy = join(world.folder, 'copy');
  mkdirSync(copy);
  cpSync(join(world.folder, 'data/agent/identity'), join(copy, 'identity'));
  const second = spawn('node_modules/.bin/boardlet-agent', ['run', '--dir', copy], {
    stdio: 'ignore',
  });
  const left = new Promise((resolve) => second.once('close', resolve));
  await eventOn(world.node, 'Duplicate').finally(() => second.kill('SIGKILL'));
  await left;
  rmSync(copy, { recursive: true });
  await eventually('node Ready', async () => (await readyOf(world)) === 'True');
});

/** Files below a folder that hold a private key, also as a kubeconfig does. */
function filesWithKeys(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .filter((path) => /PRIVATE KEY|client-key-data/.test(readFileSync(path, 'latin1')));
}

test('no key and no token stands in a log, and files with keys are for their owner alone', async () => {
  const logs = world.logs.join('\n');
  assert.not(/BEGIN|PRIVATE/.test(logs));
  for (const secret of [
    evil.key.split('\n')[1] ?? '',
    ...tokens.map((t) => t.split('.')[1] ?? ''),
  ]) {
    assert.ok(secret.length >= 16);
    assert.not(logs.includes(secret));
  }
  const secret = filesWithKeys(world.folder);
  assert.ok(secret.length >= 4, secret.join(' '));
  for (const path of secret) assert.is(statSync(path).mode & 0o077, 0, path);
  await unharmed();
});

test.after(async () => {
  await world.close();
});
test.run();
