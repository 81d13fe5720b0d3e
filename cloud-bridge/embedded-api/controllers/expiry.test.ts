import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sampleNode, samplePod } from '../test-support/samples.ts';
import { eventually, startServer } from '../test-support/server.ts';

test('events go after their time, pods of a lost node after its quarantine', async () => {
  let nowMs = Date.now();
  const server = await startServer({
    clock: { now: () => nowMs },
    limits: { eventTtlMs: 200_000 },
  });
  const quick = await startServer({ clock: { now: () => nowMs }, limits: { eventTtlMs: 40 } });
  try {
    const event = (name: string) => ({
      metadata: { name },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      lastTimestamp: new Date(nowMs).toISOString(),
    });
    const events = '/api/v1/namespaces/default/events';
    await server.call('POST', events, event('kept'));
    await quick.call('POST', events, event('old'));
    const pods = '/api/v1/namespaces/default/pods';
    await quick.call('POST', '/api/v1/nodes', sampleNode('n1'));
    await quick.call('POST', pods, samplePod('lost', { nodeName: 'n1' }));
    await quick.call('DELETE', '/api/v1/nodes/n1');
    assert.is((await quick.call('GET', `${pods}/lost`)).status, 200);
    // Sweeps come every 10 ms here; the clock only moves now.
    await eventually(
      () => quick.call('GET', `${pods}/lost`),
      (answer) => answer.status === 200,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    nowMs += 60_000;
    await eventually(
      () => quick.call('GET', `${events}/old`),
      (answer) => answer.status === 404,
    );
    await eventually(
      () => quick.call('GET', `${pods}/lost`),
      (answer) => answer.status === 404,
    );
    assert.is((await server.call('GET', `${events}/kept`)).status, 200);
  } finally {
    await server.close();
    await quick.close();
  }
});

test.run();
