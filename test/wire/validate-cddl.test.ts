import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const script = fileURLToPath(new URL('validate-cddl.sh', import.meta.url));
const NOT_INSTALLED = 3;
const run = spawnSync(script, { encoding: 'utf8', timeout: 110_000 });

if (run.status === NOT_INSTALLED) {
  console.log(`NOT RUN: ${run.stderr.trim().split('\n').at(-1)}`);
} else {
  test('an independent tool finds every positive vector in the CDDL, and no near miss', () => {
    assert.is(run.status, 0, run.stderr);
    const [, matched, missed] = /^(\d+) vectors match .* (\d+) near misses/m.exec(run.stdout) ?? [];
    assert.ok(Number(matched) > 50, run.stdout);
    assert.ok(Number(missed) > 50, run.stdout);
  });
  test.run();
}
