/** Unmodified client-go against the embedded API: informers, leader election, event recorders, patches, pages. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createKubeClient } from '@boardlet/cloud-bridge/kube';
import { load } from 'js-yaml';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ensureClientGo } from './client-go.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const BUILD_LIMIT_MS = 70_000;
const CHECKS = [
  'discovery, RESTMapper and OpenAPI',
  'pagination is of one moment while others write',
  'lost updates are refused and RetryOnConflict wins',
  'JSON, merge and strategic merge patches',
  'server-side apply is refused as unsupported media type',
  'protobuf and JSON make the same objects',
  'errors are told apart by reason',
  'graceful deletion of a pod, as a kubelet does it',
  'event recorders of both API groups fold repeats',
  'leader election hands over',
  'a controller with a work queue reconciles all',
  'informers see ADDED, MODIFIED and DELETED, before and after a restart of the API',
  'a watch from an expired version gets 410',
];

const found = await ensureClientGo(BUILD_LIMIT_MS);
if (found === undefined) {
  process.stdout.write(
    'NOT RUN: no client-go program: node --import tsx test/client-go/build.ts makes it, with Go\n',
  );
  process.exit(0);
}
const program: string = found;
const dir = mkdtempSync(join(tmpdir(), 'boardlet-client-go-'));
const kubeconfig = join(dir, 'kubeconfig');

let api: ChildProcess | undefined;

/** Starts the API and answers where it listens. */
async function startApi(listen: string): Promise<string> {
  const bin = join(ROOT, 'cloud-bridge/bin/boardlet-api.ts');
  const node = ['--import', 'tsx', '--conditions=@boardlet/source', bin];
  const own = ['--data', join(dir, 'data'), '--pki', join(dir, 'pki')];
  const args = [...node, ...own, '--kubeconfig-out', kubeconfig, '--listen', listen];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  api = child;
  for await (const line of createInterface({ input: child.stdout })) {
    return new URL((JSON.parse(line) as { url: string }).url).host;
  }
  throw new Error('the API ended before it listened');
}

async function endApi(signal: NodeJS.Signals): Promise<void> {
  const child = api;
  api = undefined;
  if (child === undefined) return;
  child.kill(signal);
  await once(child, 'exit');
}

async function serveDevices(): Promise<void> {
  const client = createKubeClient({ kubeconfig });
  const crds = join(ROOT, 'cloud-bridge/crds');
  for (const name of readdirSync(crds).filter((file) => file.endsWith('.yaml'))) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const made = await client.raw('POST', path, load(readFileSync(join(crds, name), 'utf8')));
    assert.is(made.status, 201, made.body);
  }
  await client.close();
}

const said: string[] = [];

test.before(async () => {
  const host = await startApi('127.0.0.1:0');
  await serveDevices();
  const child = spawn(program, ['-kubeconfig', kubeconfig], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (line !== 'RESTART') continue;
    await endApi('SIGKILL');
    await startApi(host);
    child.stdin.write('\n');
  }
});

test.after(async () => {
  await endApi('SIGTERM');
  rmSync(dir, { recursive: true, force: true });
});

for (const check of CHECKS) {
  test(check, () => {
    const line = said.find((text) => text.includes(` ${check}`)) ?? said.join('\n');
    assert.ok(line.startsWith(`ok ${check}`), line);
  });
}

test('the field numbers in http/protobuf-fields.ts are those of k8s.io/api', () => {
  const file = join(ROOT, 'cloud-bridge/embedded-api/http/protobuf-fields.ts');
  const [, table = ''] = readFileSync(file, 'utf8').split(/`\n(?=\S)|\n`;/);
  assert.is(table, execFileSync(program, ['-fields'], { encoding: 'utf8' }).trim());
});

test.run();
