import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBroker } from '../broker/index.ts';
import { loadOrCreateAuthority } from '../trust/index.ts';
import { tryDoor } from './open-broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-door-'));
const authority = await loadOrCreateAuthority(folder, { fleet: 'demo' });
const server = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 3600 });
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const broker = await createBroker({
  listeners: [
    { kind: 'tls', host: '127.0.0.1', port: 0 },
    { kind: 'tcp', host: '127.0.0.1', port: 0 },
  ],
  tls: { ca: authority.caPem(), cert: server.chain, key: server.key },
  log,
});
const [tls = '', plain = ''] = broker.urls;

test('a broker that asks for a certificate is closed to strangers', async () => {
  assert.is(await tryDoor(tls, authority.caPem()), 'closed');
});

test('a broker that believes any name is open', async () => {
  assert.is(await tryDoor(plain, authority.caPem()), 'open');
});

test('a broker that is away tells nothing', async () => {
  await broker.close();
  assert.is(await tryDoor(tls, authority.caPem()), 'away');
});

test.after(() => {
  rmSync(folder, { recursive: true, force: true });
});
test.run();
