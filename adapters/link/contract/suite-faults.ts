import { strict as assert } from 'node:assert';
import { type Harness, openUp } from './harness.ts';
import { publishDone } from './recorder.ts';
import type { Check } from './suite.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Lost connections, broker restarts and hostile sizes. */
export function defineFaultContract(check: Check, harness: Harness): void {
  check('the broker sends the will of a connection that was cut', async (topic, id) => {
    const observer = await openUp(harness, `${id}-o`, { subscriptions: [{ topic, qos: 1 }] });
    let connects = 0;
    const will = (): { topic: string; payload: Uint8Array } => {
      connects += 1;
      return { topic, payload: bytes(`will of connection ${connects}`) };
    };
    const link = await openUp(harness, `${id}-l`, { will });
    const connectsAtUp = connects;
    harness.cut(`${id}-l`);
    await observer.until('the will', () => observer.messages.length > 0);
    const asOfUp = `will of connection ${connectsAtUp}`;
    assert.equal(observer.messages[0]?.text, asOfUp);
    await link.until('up again', () => link.ups.length === 2);
    assert.equal(link.downs[0]?.code, 'BL_LINK_CLOSED');
    harness.cut(`${id}-l`);
    await observer.until('the second will', () => observer.messages.length > 1);
    assert.equal(observer.messages[1]?.text, `will of connection ${connectsAtUp + 1}`);
  });

  check('comes back, subscribed, when the broker was away', async (topic, id) => {
    const link = await openUp(harness, id, { subscriptions: [{ topic, qos: 1 }] });
    await harness.stopBroker();
    await link.until('down', () => link.downs.length > 0);
    assert.equal(link.link.connected(), false);
    assert.equal(link.link.publish(topic, bytes('nowhere to go'), 1), false);
    await harness.startBroker();
    await link.until('up again', () => link.ups.length === 2);
    assert.equal(await publishDone(link, topic, 'after the outage', 1), true);
    await link.until('its own message', () => link.messages.length === 1);
    assert.equal(link.messages[0]?.text, 'after the outage');
  });

  check('tells of each message in flight when the connection goes', async (topic, id) => {
    const link = await openUp(harness, id, { inFlightLimit: 8 });
    const done: boolean[] = [];
    for (let i = 0; i < 8; i++) link.link.publish(topic, bytes('x'), 1, (ok) => done.push(ok));
    harness.cut(id);
    await link.until('down', () => link.downs.length > 0);
    assert.equal(done.length, 8);
    await link.until('up again', () => link.ups.length === 2);
    assert.equal(await publishDone(link, topic, 'goes on', 1), true);
  });

  if (harness.level === 0) return;
  check('a message over the limit hurts no more than it must', async (topic, id) => {
    const subscriptions = [{ topic, qos: 1 as const }];
    const reader = await openUp(harness, `${id}-r`, { subscriptions, maxPacketBytes: 2000 });
    const writer = await openUp(harness, `${id}-w`);
    await publishDone(writer, topic, new Uint8Array(3000), 1);
    if (harness.oversized === 'ends') {
      await reader.until('down', () => reader.downs.length > 0);
      assert.equal(reader.downs[0]?.code, 'BL_LINK_TOO_LARGE');
      await reader.until('up again', () => reader.ups.length === 2);
    } else if (harness.oversized === 'dropped') {
      await reader.until('word of it', () => reader.dropped.length > 0);
      assert.deepEqual(reader.dropped, ['BL_LINK_TOO_LARGE']);
    }
    await publishDone(writer, topic, 'small', 1);
    await reader.until('the small one', () => reader.messages.length > 0);
    assert.equal(reader.messages[0]?.text, 'small');
  });
}
