import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backupStore, restoreStore } from './backup.ts';
import { openDisk } from './store/disk.ts';

const dir = mkdtempSync(join(tmpdir(), 'boardlet-backup-'));
test.after(() => rmSync(dir, { recursive: true, force: true }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return 'no error';
}

test('a damaged or cut backup is refused and the store stays as it was', async () => {
  const data = join(dir, 'data');
  const disk = openDisk(data);
  await disk.commit([
    ['o/nodes//a', '{"metadata":{"resourceVersion":"3"}}'],
    ['m/ceiling', '9'],
  ]);
  await disk.close();
  const file = join(dir, 'backup');
  await backupStore(data, file);
  assert.is(statSync(file).mode & 0o777, 0o600);
  const whole = readFileSync(file);
  for (let cut = 0; cut < whole.length; cut += 7) {
    writeFileSync(join(dir, 'bad'), whole.subarray(0, cut));
    assert.is(await codeOf(restoreStore(data, join(dir, 'bad'))), 'BL_API_BAD_BACKUP');
  }
  for (let at = 0; at < whole.length; at += 5) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 0x04;
    writeFileSync(join(dir, 'bad'), flipped);
    assert.is(await codeOf(restoreStore(data, join(dir, 'bad'))), 'BL_API_BAD_BACKUP');
  }
  const after = openDisk(data);
  assert.is(after.get('m/ceiling'), '9');
  await after.close();
});

test.run();
