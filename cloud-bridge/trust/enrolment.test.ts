import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CONFIGMAPS } from '../kube/resources.ts';
import { loadOrCreateAuthority } from './authority.ts';
import { createBindings } from './bindings.ts';
import { SYSTEM_NAMESPACE } from './constants.ts';
import type { Bindings, Enrolment, JoinTokens } from './contract.ts';
import { createEnrolment } from './enrolment.ts';
import { createJoinTokens } from './join-tokens.ts';
import { createMemoryKube, type MemoryKube } from './testing/memory-kube.ts';
import { makeRequest } from './testing/openssl-request.ts';
import { codeOf, createRecordingLog, type RecordingLog } from './testing/recording-log.ts';

const root = mkdtempSync(join(tmpdir(), 'enrolment-'));
const authority = await loadOrCreateAuthority(root, { fleet: 'plant' });
const facts = {
  fleet: 'plant',
  brokers: ['mqtts://b:8883'],
  shards: 16,
  realm: '0011223344556677',
};

interface Bench {
  readonly kube: MemoryKube;
  readonly log: RecordingLog;
  readonly tokens: JoinTokens;
  readonly bindings: Bindings;
  readonly enrolment: Enrolment;
  readonly at: { ms: number };
}

function bench(): Bench {
  const kube = createMemoryKube();
  const log = createRecordingLog();
  const at = { ms: Date.now() };
  const now = (): number => at.ms;
  const tokens = createJoinTokens({ kube, caHash: authority.caHash(), now });
  const bindings = createBindings({ kube, log, now });
  kube.onChange = bindings.onChange;
  const enrolment = createEnrolment({ authority, tokens, bindings, facts, log, now });
  return { kube, log, tokens, bindings, enrolment, at };
}
const request = (): { csr: string } => ({ csr: makeRequest('p256', 'x').csr });

test('a token brings one board in, with all it needs to connect', async () => {
  const { tokens, enrolment, bindings } = bench();
  const { token } = await tokens.make({});
  const answer = await enrolment.join({ token, ...request(), board: 'pump-1' });
  assert.is(answer.node, 'plant-pump-1');
  assert.equal(answer.brokers, facts.brokers);
  assert.is(new X509Certificate(answer.certificate).subject, 'CN=pump-1');
  assert.ok(bindings.entitlements.allowed('pump-1', 'pump-1'));
  assert.not(bindings.entitlements.allowed('pump-1', 'pump-2'));
});

test('a spent token is refused, but the same key may ask again for an answer that was lost', async () => {
  const { tokens, enrolment } = bench();
  const { token } = await tokens.make({});
  const { csr } = request();
  await enrolment.join({ token, csr, board: 'pump-1' });
  assert.is(
    await codeOf(enrolment.join({ token, ...request(), board: 'pump-2' })),
    'BL_TRUST_TOKEN',
  );
  assert.is(
    await codeOf(enrolment.join({ token, ...request(), board: 'pump-1' })),
    'BL_TRUST_TOKEN',
  );
  assert.is((await enrolment.join({ token, csr, board: 'pump-1' })).board, 'pump-1');
});

test('of two joins that race for one token exactly one wins', async () => {
  const { tokens, enrolment, bindings } = bench();
  const { token } = await tokens.make({});
  const codes = await Promise.all([
    codeOf(enrolment.join({ token, ...request(), board: 'pump-1' })),
    codeOf(enrolment.join({ token, ...request(), board: 'pump-2' })),
  ]);
  assert.equal(codes.sort(), ['BL_TRUST_TOKEN', 'no error']);
  assert.is((await bindings.list()).length, 1);
});

test('unknown, expired, mistyped and foreign tokens get one and the same answer', async () => {
  const { tokens, enrolment, at } = bench();
  const { token, id } = await tokens.make({ ttlS: 60 });
  const messages = new Set<string>();
  const refused = async (bad: string): Promise<void> => {
    const work = enrolment.join({ token: bad, ...request(), board: 'pump-1' });
    messages.add(await work.then(String, (e: Error) => `${Reflect.get(e, 'code')} ${e.message}`));
  };
  const [, secret, hash] = token.split('.');
  await refused('');
  await refused(`${id}.${'a'.repeat(16)}.${hash}`);
  await refused(`zzzzzz.${secret}.${hash}`);
  await refused(`${id}.${secret}.${'0'.repeat(64)}`);
  await refused(`${token} `);
  at.ms += 61_000;
  await refused(token);
  assert.is(messages.size, 1);
  assert.match([...messages][0] ?? '', /^BL_TRUST_TOKEN /);
  assert.is(await tokens.sweep(), 1);
});

test('an unnamed token cannot take a board that is enrolled, and is not spent by trying', async () => {
  const { tokens, enrolment } = bench();
  const first = await tokens.make({});
  await enrolment.join({ token: first.token, ...request(), board: 'pump-1' });
  const { token } = await tokens.make({});
  const taken = enrolment.join({ token, ...request(), board: 'pump-1' });
  assert.is(await codeOf(taken), 'BL_TRUST_BOARD_TAKEN');
  assert.is((await enrolment.join({ token, ...request(), board: 'pump-2' })).board, 'pump-2');
});

test('a token for a named board enrols new hardware under the old name, and no other name', async () => {
  const { tokens, enrolment } = bench();
  await enrolment.join({ token: (await tokens.make({ board: 'pump-1' })).token, ...request() });
  const { token } = await tokens.make({ board: 'pump-1' });
  const other = enrolment.join({ token, ...request(), board: 'pump-2' });
  assert.is(await codeOf(other), 'BL_TRUST_BOARD_NAME');
  assert.is((await enrolment.join({ token, ...request() })).board, 'pump-1');
});

test('names that are no board names and nodes with too long a name are refused', async () => {
  const { tokens, enrolment } = bench();
  const { token } = await tokens.make({});
  for (const board of ['bridge.main', 'A', '', '../x', 'a'.repeat(60)]) {
    const work = enrolment.join({ token, ...request(), board });
    assert.is(await codeOf(work), 'BL_TRUST_BOARD_NAME', board);
  }
  assert.is(await codeOf(tokens.make({ board: 'a.b' })), 'BL_TRUST_REQUEST');
  assert.is(await codeOf(tokens.make({ ttlS: 1 })), 'BL_TRUST_REQUEST');
  assert.is(await codeOf(tokens.make({ gateway: { prefix: 'g', boards: 0 } })), 'BL_TRUST_REQUEST');
});

test('a gateway brings boards under its prefix until its number is reached', async () => {
  const { tokens, enrolment, bindings, log } = bench();
  const { token } = await tokens.make({ gateway: { prefix: 'gw', boards: 3 } });
  const answer = await enrolment.join({ token, ...request() });
  assert.equal(answer.gateway, { prefix: 'gw', boards: 3 });
  const { allowed } = bindings.entitlements;
  assert.not(allowed('gw', 'pump-1'));
  assert.not(allowed('gw', 'gwx'));
  assert.ok(allowed('gw', 'gw-1'));
  assert.ok(allowed('gw', 'gw-2'));
  assert.not(allowed('gw', 'gw-3'));
  assert.ok(allowed('gw', 'gw-1'));
  await settled(() => log.lines.filter((l) => l.event === 'trust.board-brought').length === 2);
  assert.equal((await bindings.list()).map((b) => b.board).sort(), ['gw', 'gw-1', 'gw-2']);
});

test('a gateway does not take a board that is bound elsewhere though the cache has not seen it', async () => {
  const { tokens, enrolment, bindings, kube, log } = bench();
  kube.onChange = () => undefined;
  const { token } = await tokens.make({ gateway: { prefix: 'gw', boards: 9 } });
  await enrolment.join({ token, ...request() });
  const elsewhere = createBindings({ kube, log });
  await elsewhere.bind('gw-1', 'gw-1');
  assert.ok(bindings.entitlements.allowed('gw', 'gw-1'));
  await settled(() => log.lines.some((l) => l.event === 'trust.board-not-bound'));
  await settled(() => !bindings.entitlements.allowed('gw', 'gw-1'));
  assert.ok(bindings.entitlements.allowed('gw-1', 'gw-1'));
});

test('a board moves to another link only by an operator, and to one that exists', async () => {
  const { bindings } = bench();
  await bindings.bind('pump-1', 'pump-1');
  await bindings.bind('gw', 'gw', { gateway: { prefix: 'gw', boards: 2 } });
  assert.is(await codeOf(bindings.move('pump-1', 'nobody')), 'BL_TRUST_NO_LINK');
  assert.is(await codeOf(bindings.move('nobody', 'gw')), 'BL_TRUST_NO_BOARD');
  assert.is(await codeOf(bindings.move('gw', 'pump-1')), 'BL_TRUST_IS_GATEWAY');
  await bindings.move('pump-1', 'gw');
  assert.ok(bindings.entitlements.allowed('gw', 'pump-1'));
  assert.not(bindings.entitlements.allowed('pump-1', 'pump-1'));
  assert.is(await codeOf(bindings.remove('gw')), 'BL_TRUST_HAS_BOARDS');
  assert.equal(await bindings.remove('gw', { cascade: true }), ['gw', 'pump-1']);
  assert.not(bindings.entitlements.allowed('gw', 'pump-1'));
});

test('links are told what changed for them, the one that loses a board first, and what an operator decided', async () => {
  const { bindings } = bench();
  await bindings.bind('pump-1', 'pump-1');
  await bindings.bind('gw', 'gw', { gateway: { prefix: 'gw', boards: 3 } });
  const told: string[] = [];
  bindings.onLink((link) => told.push(link));
  const { released } = bindings.entitlements;
  assert.is(released?.('pump-1', 'pump-1'), undefined);
  await bindings.move('pump-1', 'gw');
  assert.equal(told, ['pump-1', 'gw']);
  assert.is(released?.('pump-1', 'pump-1'), 'Moved');
  assert.is(released?.('stranger', 'pump-1'), undefined);
  await bindings.move('pump-1', 'pump-1');
  assert.is(released?.('pump-1', 'pump-1'), undefined);
  assert.is(released?.('gw', 'pump-1'), 'Moved');
  told.length = 0;
  await bindings.remove('pump-1');
  assert.equal(told, ['pump-1']);
  assert.is(released?.('pump-1', 'pump-1'), 'Removed');
  assert.not(bindings.knowsLink('pump-1'));
  await bindings.bind('pump-1', 'pump-1');
  assert.is(released?.('pump-1', 'pump-1'), undefined);
});

test('a record that goes without an operator having removed the board decides nothing', async () => {
  const { bindings, kube } = bench();
  await bindings.bind('pump-1', 'pump-1');
  await kube.remove(CONFIGMAPS, SYSTEM_NAMESPACE, 'binding-pump-1');
  assert.not(bindings.entitlements.allowed('pump-1', 'pump-1'));
  assert.is(bindings.entitlements.released?.('pump-1', 'pump-1'), undefined);
});

test('a gateway does not bring back what an operator has just removed', async () => {
  const { bindings, log } = bench();
  await bindings.bind('gw', 'gw', { gateway: { prefix: 'gw', boards: 3 } });
  assert.ok(bindings.entitlements.allowed('gw', 'gw-1'));
  await settled(() => log.lines.some((l) => l.event === 'trust.board-brought'));
  await bindings.remove('gw-1');
  assert.not(bindings.entitlements.allowed('gw', 'gw-1'));
  assert.ok(bindings.entitlements.allowed('gw', 'gw-2'));
});

test('a certificate is renewed only for a link that still carries a board, and not without end', async () => {
  const { bindings, enrolment, at } = bench();
  const { csr } = request();
  assert.is(await codeOf(enrolment.renewCertificate('pump-1', csr)), 'BL_TRUST_NOT_BOUND');
  await bindings.bind('pump-1', 'pump-1');
  const issued = await enrolment.renewCertificate('pump-1', csr);
  assert.is(new X509Certificate(issued.chain).subject, 'CN=pump-1');
  assert.is(await codeOf(enrolment.renewCertificate('pump-1', 'rubbish')), 'BL_TRUST_BAD_CSR');
  for (let n = 0; n < 2; n += 1) await enrolment.renewCertificate('pump-1', csr);
  assert.is(await codeOf(enrolment.renewCertificate('pump-1', csr)), 'BL_TRUST_TOO_MANY');
  at.ms += 60_000;
  await enrolment.renewCertificate('pump-1', csr);
  await bindings.remove('pump-1');
  at.ms += 60_000;
  assert.is(await codeOf(enrolment.renewCertificate('pump-1', csr)), 'BL_TRUST_NOT_BOUND');
});

test('neither the API nor the log ever holds a token in clear', async () => {
  const { tokens, enrolment, kube, log } = bench();
  const { token } = await tokens.make({});
  await enrolment.join({ token, ...request(), board: 'pump-1' });
  await codeOf(enrolment.join({ token, ...request(), board: 'pump-2' }));
  const [, secret = ''] = token.split('.');
  const stored = JSON.stringify([...kube.objects.values()]);
  for (const text of [log.text(), stored]) {
    assert.not(text.includes(secret));
    assert.not(text.includes(Buffer.from(secret).toString('base64')));
  }
});

async function settled(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) assert.unreachable('the condition never held');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.after(() => rmSync(root, { recursive: true }));

test.run();
