/** `boardlet-agent run`: the composition root of the Node host. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoardletError } from '@boardlet/adapters/wire';
import { createHostDriver, driversByProtocol, hostTwinProperties } from '@boardlet/board-support';
import { type Agent, createAgent } from '../core/agent.ts';
import {
  type AgentConfig,
  allowsProgram,
  allowsUser,
  loadConfig,
  type Policy,
  parsePolicy,
  userFor,
} from '../core/config/index.ts';
import type { Identity } from '../core/enroll/index.ts';
import { openStore } from '../core/store/index.ts';
import { loadIdentity } from '../host/node/enroll.ts';
import {
  createLogger,
  createNodeHost,
  type NodeHost,
  nodeFiles,
  parseYaml,
  preferMemoryToSpeed,
  readConfigFiles,
  startMemoryTrim,
} from '../host/node/index.ts';
import { createProcessRuntime, type ProcessRuntime } from '../runtimes/process/index.ts';
import { lockFolder } from './folder-lock.ts';
import { createRenewal, type Renewal } from './renewal.ts';
import { type RunFlags, readRunFlags } from './run-flags.ts';
import { BUILD_UNIX_MS, VERSION } from './version.ts';

interface Running {
  readonly agent: Agent;
  readonly host: NodeHost;
  readonly runtime: ProcessRuntime;
  readonly renewal: Renewal | undefined;
}

/** The identity is the lowest layer: what a file, the environment or a flag says stands above it. */
async function readConfig(flags: RunFlags, identity: Identity | undefined): Promise<AgentConfig> {
  const own =
    identity === undefined
      ? []
      : [
          {
            path: join(flags.dir, 'identity'),
            value: {
              board: identity.board,
              fleet: identity.fleet,
              link: identity.link,
              brokers: identity.brokers,
              shards: identity.shards,
            },
          },
        ];
  const files = await readConfigFiles([flags.config ?? join(flags.dir, 'config.yaml')]);
  if (files.length === 0 && flags.config !== undefined) throw missing('--config', flags.config);
  return loadConfig({
    files: [...own, ...files],
    env: process.env,
    flags: { 'data-dir': flags.dir, ...flags.settings },
  });
}

/** A file that was named and is not there must not mean the defaults. */
const missing = (setting: string, path: string): BoardletError =>
  new BoardletError('BL_CONFIG_MISSING', `${setting}: there is no file ${path}`);

async function readPolicy({ dataDir, policyFile: path }: AgentConfig): Promise<Policy> {
  const [file] = await readConfigFiles([path]);
  if (file === undefined && path !== `${dataDir}/policy.yaml`) throw missing('policyFile', path);
  return parsePolicy(file?.value, path);
}

/** Beside the bundle where it is installed; from source the build's output is used. */
function shimScript(): string {
  const beside = fileURLToPath(new URL('./boardlet-shim.cjs', import.meta.url));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../dist/boardlet-shim.cjs', import.meta.url));
}

function runtimeOf(
  config: AgentConfig,
  host: NodeHost,
  policy: Policy,
  uid: number,
): ProcessRuntime {
  return createProcessRuntime({
    rootDir: join(config.dataDir, 'pods'),
    nodeExecPath: process.execPath,
    shimScript: shimScript(),
    clock: host.clock,
    timers: host.timers,
    log: host.log,
    logBytes: config.pods.logRotateBytes,
    logFiles: config.pods.logFiles,
    policy: {
      allowsProgram: (path) => allowsProgram(policy, path),
      userFor: (container) => userFor(policy, container, uid),
      allowsUser: (id) => allowsUser(policy, id, uid),
    },
  });
}

async function compose(
  flags: RunFlags,
  identity: Identity | undefined,
  config: AgentConfig,
): Promise<Running> {
  const host = createNodeHost({
    dataDir: flags.dir,
    version: VERSION,
    buildUnixMs: BUILD_UNIX_MS,
    log: createLogger({ level: config.log.level, linesPerS: config.log.linesPerS }),
  });
  const policy = await readPolicy(config);
  const agentUid = process.getuid?.() ?? 0;
  const runtime = runtimeOf(config, host, policy, agentUid);
  const sample = (): ReturnType<NodeHost['facts']['sample']> => host.facts.sample();
  const driver = createHostDriver({ sample, after: host.timers.after });
  const renewal =
    identity === undefined ? undefined : createRenewal({ host, dir: flags.dir, identity });
  const agent = createAgent({
    host,
    config,
    policy,
    store: openStore({
      files: host.files,
      folder: join(config.dataDir, 'store'),
      log: host.log,
      storeBytes: config.storeBytes,
    }),
    runtimes: [runtime],
    drivers: driversByProtocol([driver]),
    hostTwin: config.hostTwin ? hostTwinProperties(sample()) : [],
    version: VERSION,
    agentUid,
    tls: () => renewal?.tls(),
    decodeText: (bytes) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    parseYaml,
  });
  renewal?.attach(agent.replication, config.board);
  return { agent, host, runtime, renewal };
}

async function shutDown(running: Running, flags: RunFlags): Promise<void> {
  running.renewal?.stop();
  await running.agent.stop({ stopPods: flags.stopPods });
  running.runtime.close();
  running.host.close();
}

/** Resolves after SIGTERM or SIGINT, once everything is written. */
export async function run(args: readonly string[]): Promise<void> {
  preferMemoryToSpeed();
  const flags = readRunFlags(args);
  const identity = loadIdentity(nodeFiles, flags.dir);
  const config = await readConfig(flags, identity);
  const lock = lockFolder(config.dataDir);
  try {
    await runLocked(flags, await compose(flags, identity, config));
  } finally {
    lock.release();
  }
}

async function runLocked(flags: RunFlags, running: Running): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  // Timers of the host do not hold the process: an agent without a broker would end.
  const alive = setInterval(() => undefined, 1 << 30);
  await running.agent.start();
  running.renewal?.start();
  const trim = startMemoryTrim(running.host.timers);
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
  await ended;
  trim.close();
  await shutDown(running, flags);
  clearInterval(alive);
}
