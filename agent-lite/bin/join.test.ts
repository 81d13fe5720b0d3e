import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'join-'));
const entry = fileURLToPath(new URL('./boardlet-agent.ts', import.meta.url));
const TOKEN = `abc123.${'s'.repeat(16)}.${'0'.repeat(64)}`;

/** Nobody listens there: a token that was read gets as far as that. */
const NOWHERE = 'https://127.0.0.1:1';

function joinWith(input: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, entry, 'join', NOWHERE, '-', '--dir', join(root, 'agent')],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

test('the token - is read from standard input, and is never said', async () => {
  const { code, said } = await joinWith(`${TOKEN}\n`);
  assert.match(said, /BL_ENROLL_UNREACHABLE/);
  assert.is(code, 69);
  assert.not(said.includes('s'.repeat(16)));
});

test('standard input without a token, or with far more, is told', async () => {
  assert.match((await joinWith('')).said, /BL_ENROLL_TOKEN/);
  assert.match((await joinWith('x'.repeat(100_000))).said, /BL_AGENT_USAGE/);
  assert.equal(
    readdirSync(root).filter((name) => name !== 'agent'),
    [],
  );
});

test.after(() => rmSync(root, { recursive: true }));
test.run();
