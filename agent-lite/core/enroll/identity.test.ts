import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeBase64, encodePem } from './base64.ts';
import { objectIdentifier, sequence } from './der.ts';
import { encodeIdentity, type Identity, parseIdentity, parseJoinAnswer } from './identity.ts';
import { parseJoinToken } from './join-token.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const IDENTITY: Identity = {
  board: 'pump-1',
  fleet: 'plant',
  node: 'plant-pump-1',
  link: 'pump-1',
  brokers: ['mqtts://b:8883', 'wss://b:443/mqtt'],
  shards: 16,
  realm: '0011223344556677',
  ca: PEM,
  certificate: PEM + PEM,
  key: PEM,
};

test('an identity survives its file', () => {
  assert.equal(parseIdentity(encodeIdentity(IDENTITY)), { ok: true, value: IDENTITY });
  const gateway = { ...IDENTITY, gateway: { prefix: 'pump', boards: 3 } };
  assert.equal(parseIdentity(encodeIdentity(gateway)), { ok: true, value: gateway });
});

test('a file cut at any byte, or with one wrong field, is no identity and says which field', () => {
  const text = encodeIdentity(IDENTITY);
  for (let at = 0; at < text.length - 2; at += 1) assert.not(parseIdentity(text.slice(0, at)).ok);
  const table: readonly (readonly [string, unknown])[] = [
    ['board', 'a.b'],
    ['board', undefined],
    ['link', 'UP'],
    ['brokers', []],
    ['brokers', ['http://x']],
    ['brokers', Array.from({ length: 17 }, () => 'mqtts://b')],
    ['shards', 0],
    ['shards', 257],
    ['shards', '16'],
    ['realm', '00'],
    ['key', 'x'],
    ['ca', `${PEM}${'A'.repeat(40_000)}`],
    ['format', 2],
    ['gateway', { prefix: 'x' }],
  ];
  for (const [path, value] of table) {
    const changed = { format: 1, ...IDENTITY, [path]: value };
    assert.equal(parseIdentity(JSON.stringify(changed)), { ok: false, path }, path);
  }
  for (const other of ['null', '[]', '7', '"x"', '{"__proto__":{"board":"x"}}']) {
    assert.not(parseIdentity(other).ok);
  }
});

test('a join answer needs its dates, and what it has beside is left out', () => {
  const { key: _, link: __, ...facts } = IDENTITY;
  const answer = { ...facts, notAfter: '2030-01-01T00:00:00Z', unixMs: 5 };
  assert.equal(parseJoinAnswer(JSON.stringify({ ...answer, extra: 1 })), {
    ok: true,
    value: answer,
  });
  const bad = parseJoinAnswer(JSON.stringify({ ...answer, notAfter: 'soon' }));
  assert.equal(bad, { ok: false, path: 'notAfter' });
});

test('a join token is taken apart, blanks around it allowed', () => {
  const hash = 'ab'.repeat(32);
  const text = `abc123.${'s'.repeat(16)}.${hash}`;
  assert.equal(parseJoinToken(` ${text}\n`), { text, id: 'abc123', caHash: hash });
  for (let at = 0; at < text.length; at += 1)
    assert.is(parseJoinToken(text.slice(0, at)), undefined);
  for (const bad of [`${text}0`, text.toUpperCase(), text.replace('.', ' '), `x${text}`]) {
    assert.is(parseJoinToken(bad), undefined);
  }
});

test("base64 and DER agree with other people's", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 255);
    assert.is(encodeBase64(bytes), Buffer.from(bytes).toString('base64'));
  }
  assert.match(
    encodePem('X', new Uint8Array(50)),
    /^-----BEGIN X-----\n.{64}\n.{4}\n-----END X-----\n$/,
  );
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  assert.is(hex(objectIdentifier('1.2.840.10045.4.3.2')), '06082a8648ce3d040302');
  assert.is(hex(objectIdentifier('1.3.101.112')), '06032b6570');
  for (const [length, head] of [
    [127, '307f'],
    [128, '308180'],
    [255, '3081ff'],
    [256, '30820100'],
  ] as const) {
    assert.ok(hex(sequence(new Uint8Array(length))).startsWith(head));
  }
});

test.run();
