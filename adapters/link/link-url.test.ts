import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isBoardletError } from '../wire/errors.ts';
import type { LinkOptions } from './link.ts';
import { checkLinkOptions, parseLinkUrl } from './link-url.ts';

const GOOD: readonly [string, Omit<ReturnType<typeof parseLinkUrl>, 'href'>][] = [
  ['mqtt://a', { tls: false, webSocket: false, host: 'a', port: 1883, path: '/' }],
  ['MQTTS://a.b', { tls: true, webSocket: false, host: 'a.b', port: 8883, path: '/' }],
  ['ws://1.2.3.4:81', { tls: false, webSocket: true, host: '1.2.3.4', port: 81, path: '/' }],
  ['wss://h/mqtt?x=1', { tls: true, webSocket: true, host: 'h', port: 443, path: '/mqtt?x=1' }],
  ['mqtt://[::1]:7', { tls: false, webSocket: false, host: '::1', port: 7, path: '/' }],
];
for (const [href, wanted] of GOOD)
  test(`reads ${href}`, () => assert.equal(parseLinkUrl(href), { href, ...wanted }));

const BAD = [
  '',
  'mqtt://',
  'mqtt://:1883',
  'http://h',
  'mqtt://user:secret@h',
  'mqtt://h:0',
  'mqtt://h:65536',
  'mqtt://h:123456',
  'ws://h/a b',
  'ws://h/a\r\nX: y',
  'ws://h/#part',
  'mqtt://h\n',
];
for (const href of BAD)
  test(`refuses ${JSON.stringify(href)}`, () => {
    assert.throws(
      () => parseLinkUrl(href),
      (error: unknown) => isBoardletError(error, 'BL_LINK_OPTIONS'),
    );
  });

const OPTIONS: LinkOptions = {
  urls: ['mqtt://h'],
  clientId: 'a',
  protocol: 'auto',
  keepAliveS: 60,
  subscriptions: [],
  will: () => undefined,
  handlers: { onUp: () => {}, onDown: () => {}, onMessage: () => {}, onDrain: () => {} },
};
test('takes options that can work', () => assert.is(checkLinkOptions(OPTIONS).length, 1));
for (const [what, wrong] of [
  ['no URL', { urls: [] }],
  ['TLS without a CA', { urls: ['mqtt://h', 'wss://h'] }],
  ['a negative keep-alive', { keepAliveS: -1 }],
  ['a broken keep-alive', { keepAliveS: 1.5 }],
  ['a long keep-alive', { keepAliveS: 65_536 }],
] as const)
  test(`refuses options with ${what}`, () => {
    assert.throws(
      () => checkLinkOptions({ ...OPTIONS, ...wrong }),
      (error: unknown) => isBoardletError(error, 'BL_LINK_OPTIONS'),
    );
  });

test.run();
