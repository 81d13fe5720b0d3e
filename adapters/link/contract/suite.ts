import { strict as assert } from 'node:assert';
import { type DefineTest, type Harness, openUp } from './harness.ts';
import { publishDone, type Recorder } from './recorder.ts';
import { defineFaultContract } from './suite-faults.ts';
import { defineReconnectContract } from './suite-reconnect.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const texts = (recorder: Recorder): readonly string[] => recorder.messages.map((m) => m.text);

/** What every link must do, whatever carries it. Each test uses topics of its own: brokers are shared. */
export function defineLinkContract(test: DefineTest, harness: Harness): void {
  const prefix = harness.name.replace(/[^a-z0-9]+/g, '-');
  let count = 0;
  const check = (title: string, body: (topic: string, id: string) => Promise<void>): void => {
    test(`${harness.name}: ${title}`, async () => {
      count += 1;
      try {
        await body(`c/${prefix}/${count}`, `${prefix}-${count}`);
      } finally {
        await harness.endTest();
      }
    });
  };
  defineMessages(check, harness);
  defineSessions(check, harness);
  defineFlow(check, harness);
  defineReconnectContract(check, harness);
  defineFaultContract(check, harness);
}

export type Check = (title: string, body: (topic: string, id: string) => Promise<void>) => void;

function defineMessages(check: Check, harness: Harness): void {
  check('says what it can do once it is connected and subscribed', async (topic, id) => {
    const link = await openUp(harness, id, { subscriptions: [{ topic, qos: 1 }] });
    assert.equal(link.ups[0]?.protocolLevel, harness.level);
    assert.ok((link.ups[0]?.maxPayloadBytes ?? 0) >= 65_536);
    assert.equal(link.link.connected(), true);
    assert.deepEqual(link.downs, []);
  });

  check('carries QoS 0 and 1 in order and calls done', async (topic, id) => {
    const reader = await openUp(harness, `${id}-r`, { subscriptions: [{ topic, qos: 1 }] });
    const writer = await openUp(harness, `${id}-w`);
    assert.equal(await publishDone(writer, topic, 'first', 1), true);
    assert.equal(await publishDone(writer, topic, 'second', 0), true);
    await reader.until('both messages', () => reader.messages.length === 2);
    assert.deepEqual(texts(reader), ['first', 'second']);
    assert.equal(reader.messages[0]?.topic, topic);
    for (let i = 0; i < 20; i++) await publishDone(writer, topic, `n${i}`, 1);
    await reader.until('all messages', () => reader.messages.length === 22);
    assert.equal(texts(reader).at(-1), 'n19');
  });

  check('carries an empty and a full-size payload and topics beyond ASCII', async (topic, id) => {
    const wanted = `${topic}/Grüße/板`;
    const reader = await openUp(harness, `${id}-r`, { subscriptions: [{ topic: wanted, qos: 1 }] });
    const writer = await openUp(harness, `${id}-w`);
    await publishDone(writer, wanted, new Uint8Array(0), 1);
    await publishDone(writer, wanted, new Uint8Array(65_536).fill(7), 1);
    await reader.until('both', () => reader.messages.length === 2);
    assert.deepEqual(
      reader.messages.map((m) => m.bytes),
      [0, 65_536],
    );
    assert.equal(reader.messages[1]?.topic, wanted);
  });

  check('throws for a payload that can never go', async (topic, id) => {
    const writer = await openUp(harness, id);
    const limit = writer.ups[0]?.maxPayloadBytes ?? 0;
    assert.throws(
      () => writer.link.publish(topic, new Uint8Array(limit + 1), 1),
      (error: { code?: string }) => error.code === 'BL_LINK_PAYLOAD',
    );
    assert.equal(await publishDone(writer, topic, 'still up', 1), true);
  });

  check('matches wildcard subscriptions', async (topic, id) => {
    const subscriptions = [{ topic: `${topic}/+/u`, qos: 1 as const }];
    const reader = await openUp(harness, `${id}-r`, { subscriptions });
    const writer = await openUp(harness, `${id}-w`);
    await publishDone(writer, `${topic}/a/d`, 'not mine', 1);
    await publishDone(writer, `${topic}/a/b/u`, 'too deep', 1);
    await publishDone(writer, `${topic}/a/u`, 'mine', 1);
    await reader.until('the message', () => reader.messages.length > 0);
    assert.deepEqual(texts(reader), ['mine']);
  });
}

function defineSessions(check: Check, harness: Harness): void {
  check('drops retained messages', async (topic, id) => {
    await harness.publishRetained(topic, 'from before');
    const reader = await openUp(harness, `${id}-r`, { subscriptions: [{ topic, qos: 1 }] });
    const writer = await openUp(harness, `${id}-w`);
    await publishDone(writer, topic, 'fresh', 1);
    await reader.until('the fresh one', () => texts(reader).includes('fresh'));
    assert.deepEqual(texts(reader), ['fresh']);
  });

  check('starts clean: nothing from the time it was away', async (topic, id) => {
    const wish = { subscriptions: [{ topic, qos: 1 as const }] };
    const first = await openUp(harness, `${id}-r`, wish);
    const writer = await openUp(harness, `${id}-w`);
    first.link.close();
    await publishDone(writer, topic, 'while away', 1);
    const second = await openUp(harness, `${id}-r`, wish);
    await publishDone(writer, topic, 'while here', 1);
    await second.until('the later one', () => texts(second).includes('while here'));
    assert.deepEqual(texts(second), ['while here']);
  });

  check('close sends the farewell and no will, and no event comes after it', async (topic, id) => {
    const subscriptions = [{ topic: `${topic}/#`, qos: 1 as const }];
    const observer = await openUp(harness, `${id}-o`, { subscriptions });
    const will = { topic: `${topic}/will`, payload: bytes('will') };
    const leaver = await openUp(harness, `${id}-l`, { will: () => will });
    leaver.link.close({ topic: `${topic}/bye`, payload: bytes('goodbye') });
    assert.equal(leaver.link.connected(), false);
    assert.equal(leaver.link.publish(topic, bytes('late'), 0), false);
    await observer.until('the farewell', () => observer.messages.length > 0);
    // A take-over of the id ends the old session, so a will that waited there would come before the marker.
    const again = await openUp(harness, `${id}-l`);
    await publishDone(again, `${topic}/marker`, 'marker', 1);
    await observer.until('the marker', () => texts(observer).includes('marker'));
    assert.deepEqual(texts(observer), ['goodbye', 'marker']);
    assert.deepEqual(leaver.downs, []);
  });
}

function defineFlow(check: Check, harness: Harness): void {
  check('refuses QoS 1 over its window and tells when there is room', async (topic, id) => {
    const writer = await openUp(harness, id, { inFlightLimit: 4 });
    const done: boolean[] = [];
    let taken = 0;
    while (taken < 1000 && writer.link.publish(topic, bytes('x'), 1, (ok) => done.push(ok)))
      taken += 1;
    assert.equal(taken, 4);
    await writer.until('room', () => writer.drains() > 0);
    assert.equal(await publishDone(writer, topic, 'again', 1), true);
    await writer.until('all done', () => done.length === 4);
    assert.deepEqual(done, [true, true, true, true]);
  });

  check(
    'refuses QoS 0 over the high-water mark and tells when there is room',
    async (topic, id) => {
      const writer = await openUp(harness, id);
      const payload = new Uint8Array(32_768);
      let taken = 0;
      while (taken < 1000 && writer.link.publish(topic, payload, 0)) taken += 1;
      assert.ok(taken > 0 && taken < 1000, `${taken} messages of 32 KiB were taken`);
      await writer.until('room', () => writer.drains() > 0);
      assert.equal(await publishDone(writer, topic, payload, 0), true);
    },
  );

  check('a paused link hands on nothing and loses nothing', async (topic, id) => {
    const subscriptions = [{ topic, qos: 1 as const }];
    const slow = await openUp(harness, `${id}-s`, { subscriptions }, ({ link, messages }) => {
      if (messages.length === 1) link.pause();
    });
    const quick = await openUp(harness, `${id}-q`, { subscriptions });
    const writer = await openUp(harness, `${id}-w`);
    for (let i = 0; i < 50; i++) await publishDone(writer, topic, `${i}`, 1);
    await quick.until('all at the quick one', () => quick.messages.length === 50);
    assert.equal(slow.messages.length, 1);
    slow.link.resume();
    await slow.until('all at the slow one', () => slow.messages.length === 50);
    assert.deepEqual(texts(slow), texts(quick));
  });
}
