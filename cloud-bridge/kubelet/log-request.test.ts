import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseLogRequest } from './log-request.ts';

const NOW = 1_700_000_000_000;
const parse = (path: string, query = '') => parseLogRequest(path, new URLSearchParams(query), NOW);

test('takes all that kubectl logs can ask', () => {
  assert.equal(
    parse(
      '/containerLogs/default/hello/main',
      'follow=true&previous=true&timestamps=true&tailLines=5&limitBytes=100&sinceSeconds=60',
    ),
    {
      ok: true,
      namespace: 'default',
      pod: 'hello',
      args: {
        pod: 'default/hello',
        container: 'main',
        follow: true,
        previous: true,
        timestamps: true,
        tailLines: 5,
        sinceMs: 60_000,
        limitBytes: 100,
      },
    },
  );
});

test('reads sinceTime as RFC 3339', () => {
  const r = parse('/containerLogs/a/b/c', 'sinceTime=2023-11-14T22%3A13%3A19Z');
  assert.is(r.ok && r.args.sinceMs, 1000);
});

const bad: readonly [string, string, number][] = [
  ['/containerLogs/default/hello', '', 404],
  ['/containerLogs/default/hello/main/more', '', 404],
  ['/containerLogs/default/%/main', '', 404],
  ['/containerLogs/a/b/c', 'tailLines=-1', 400],
  ['/containerLogs/a/b/c', 'limitBytes=1.5', 400],
  ['/containerLogs/a/b/c', 'sinceSeconds=soon', 400],
  ['/containerLogs/a/b/c', 'sinceTime=yesterday', 400],
];
for (const [path, query, status] of bad) {
  test(`answers ${status} to ${path}?${query}`, () => {
    const r = parse(path, query);
    assert.is(r.ok ? 200 : r.status, status);
  });
}

test.run();
