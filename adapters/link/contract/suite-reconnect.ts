import { strict as assert } from 'node:assert';
import { type Harness, openUp } from './harness.ts';
import { publishDone } from './recorder.ts';
import type { Check } from './suite.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A new connection on request, as for a certificate that was renewed. */
export function defineReconnectContract(check: Check, harness: Harness): void {
  check('reconnect makes a new connection without a will, and goes on', async (topic, id) => {
    const subscriptions = [{ topic: `${topic}/#`, qos: 1 as const }];
    const observer = await openUp(harness, `${id}-o`, { subscriptions });
    let connects = 0;
    const will = (): { topic: string; payload: Uint8Array } => {
      connects += 1;
      return { topic: `${topic}/will`, payload: bytes('will') };
    };
    const link = await openUp(harness, `${id}-l`, { subscriptions, will });
    const before = connects;
    link.link.reconnect();
    assert.equal(link.link.connected(), false);
    assert.deepEqual(
      link.downs.map((d) => d.code),
      ['BL_LINK_RENEWED'],
    );
    await link.until('up again', () => link.ups.length === 2);
    assert.ok(connects > before);
    assert.equal(await publishDone(link, `${topic}/after`, 'after', 1), true);
    await observer.until('the message', () => observer.messages.length > 0);
    await link.until('its own message', () => link.messages.length === 1);
    assert.deepEqual(
      observer.messages.map((m) => m.text),
      ['after'],
    );
    assert.equal(link.downs.length, 1);
  });

  check('a link that is closed while it reconnects stays closed', async (topic, id) => {
    const link = await openUp(harness, id, { subscriptions: [{ topic, qos: 1 }] });
    link.link.reconnect();
    link.link.reconnect();
    link.link.close();
    link.link.reconnect();
    const again = await openUp(harness, id);
    assert.equal(await publishDone(again, topic, 'mine', 1), true);
    assert.equal(link.ups.length, 1);
  });
}
