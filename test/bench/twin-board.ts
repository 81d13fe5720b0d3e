/** A board with a driver of the bench's own, as a process of its own: the shipped agent's parts, composed as it composes them.
 * Argument: the agent's folder, already joined. Talks with the bench over Node's process channel. */
import { join } from 'node:path';
import { createAgent, defaultPolicy, loadConfig, openStore } from '@boardlet/agent-lite/core';
import { createNodeHost, loadIdentity, parseYaml } from '@boardlet/agent-lite/host/node';
import { driversByProtocol } from '@boardlet/board-support';
import { createBenchDriver } from './bench-driver.ts';
import { nowMs } from './clock.ts';
import type { FromBoard, ToBoard } from './twin-messages.ts';

function tell(message: FromBoard): void {
  process.send?.(message);
}

const dir = process.argv[2] ?? '';
const host = createNodeHost({ dataDir: dir, version: 'bench', buildUnixMs: 0, logLevel: 'warn' });
const identity = loadIdentity(host.files, dir);
if (identity === undefined) throw new Error(`${dir} has not joined`);
const { board, fleet, link, brokers, shards } = identity;
const config = loadConfig({
  files: [{ path: join(dir, 'identity'), value: { board, fleet, link, brokers, shards } }],
  env: {},
  flags: { 'data-dir': dir },
});
const driver = createBenchDriver({
  onSubscribed: (device, property) => tell({ what: 'subscribed', device, property }),
  onWritten: (device, value) => tell({ what: 'written', device, value, atMs: nowMs() }),
});
const agent = createAgent({
  host,
  config,
  policy: defaultPolicy,
  store: openStore({
    files: host.files,
    folder: join(dir, 'store'),
    log: host.log,
    storeBytes: config.storeBytes,
  }),
  runtimes: [],
  drivers: driversByProtocol([driver]),
  hostTwin: [],
  version: 'bench',
  agentUid: process.getuid?.() ?? 0,
  tls: () => ({ ca: identity.ca, cert: identity.certificate, key: identity.key }),
  decodeText: (bytes) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
  parseYaml,
});

/** `perSecond` changes for `durationMs`, caught up where a timer came late; the values rise by one. */
function drive(message: Extract<ToBoard, { what: 'drive' }>): void {
  const { device, first, count, perSecond } = message;
  const startMs = nowMs();
  const changes: number[] = [];
  const step = (): void => {
    const due = Math.min(count, Math.floor(((nowMs() - startMs) * perSecond) / 1000) + 1);
    while (changes.length < due) {
      changes.push(nowMs());
      driver.change(device, first + changes.length - 1);
    }
    if (changes.length < count) setTimeout(step, Math.max(1, 1000 / perSecond / 4));
    else tell({ what: 'driven', device, changes });
  };
  step();
}

process.on('message', (message: ToBoard) => {
  if (message.what === 'drive') return drive(message);
  host.close();
  void agent.stop().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));

await agent.start();
tell({ what: 'started' });
