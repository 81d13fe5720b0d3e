import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOrCreateAuthority } from '../trust/index.ts';
import { makeRequest } from '../trust/testing/openssl-request.ts';
import { connectAs, publishOrClose } from './testing/clients.ts';

const root = mkdtempSync(join(tmpdir(), 'broker-program-'));
const ENTRY = resolve(import.meta.dirname, '../bin/boardlet-broker.ts');

interface Running {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
  readonly ended: Promise<number | null>;
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
}
function start(...args: string[]): Running {
  const child = spawn(process.execPath, [...process.execArgv, ENTRY, ...args], { stdio: 'pipe' });
  const output = { out: '', err: '' };
  const ended = new Promise<number | null>((done) => {
    child.on('close', done);
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  const ready = new Promise<Readonly<Record<string, unknown>>>((done, fail) => {
    child.stdout.on('data', (chunk) => {
      output.out += chunk;
      if (output.out.includes('\n')) done(JSON.parse(output.out));
    });
    child.on('close', () => fail(new Error(output.err)));
  });
  ready.catch(() => undefined);
  return { child, output, ended, ready };
}

test('says where it listens, serves, and ends cleanly on SIGTERM', async () => {
  const pki = join(root, 'pki');
  const running = start('--pki', pki, '--listen', '127.0.0.1:0', '--wss', '127.0.0.1:0');
  const ready = await running.ready;
  assert.is(ready['ready'], true);
  const authority = await loadOrCreateAuthority(pki);
  const { csr, key } = makeRequest('p256', 'x');
  const { chain } = await authority.issueClient(csr, 'pump-1', 600);
  const identity = { name: 'pump-1', ca: authority.caPem(), cert: chain, key };
  for (const url of [`mqtts://${ready['brokerListen']}`, `wss://${ready['wssListen']}/mqtt`]) {
    const client = await connectAs(url, identity);
    assert.is(await publishOrClose(client, 'bl/plant/0a/pump-1/u'), 'acknowledged');
    if (url.startsWith('mqtts')) await client.endAsync(true);
  }
  running.child.kill('SIGTERM');
  assert.is(await running.ended, 0);
  assert.match(running.output.err, /"event":"broker\.stopped"/);
  assert.not(running.output.err.includes('PRIVATE'));
});

test('wrong usage and a plain listener beyond loopback end with a code and a reason', async () => {
  const pki = ['--pki', join(root, 'pki')];
  const table: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[...pki], 2, /nothing to listen on/],
    [[...pki, '--listen', 'nowhere'], 2, /host:port/],
    [['--listen', '127.0.0.1:0'], 2, /--pki/],
    [[...pki, '--plain', '0.0.0.0:0'], 1, /BL_BROKER_PLAIN/],
  ];
  for (const [args, exit, reason] of table) {
    const { ended, output } = start(...args);
    assert.is(await ended, exit, args.join(' '));
    assert.match(output.err, reason);
  }
});

test.after(() => rmSync(root, { recursive: true }));

test.run();
