import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import type { TestBroker } from './test-broker.ts';

const PROGRAM = '/usr/sbin/mosquitto';

export interface Mosquitto extends TestBroker {
  /** A listener that lets nobody in. */
  readonly closedPort: () => number;
}

/** Installs Debian's package where it is missing and this process may. */
export function haveMosquitto(): boolean {
  if (existsSync(PROGRAM)) return true;
  if (process.getuid?.() !== 0) return false;
  say('mosquitto is missing: apt-get install -y --no-install-recommends mosquitto');
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'mosquitto'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    say(`the installation failed: ${String(error)}`);
  }
  return existsSync(PROGRAM);
}

interface Running {
  readonly process: ChildProcess;
  readonly ports: readonly [tcp: number, tls: number, closed: number];
}

/** mosquitto with a TCP listener, one with TLS and client certificates, and one that refuses everybody. */
export async function startMosquitto(certificates: Certificates): Promise<Mosquitto> {
  let running = await launch(certificates);
  return {
    name: 'mosquitto',
    levels: [4, 5],
    transports: ['tcp', 'tls'],
    port: (transport) => running.ports[transport === 'tcp' ? 0 : 1],
    closedPort: () => running.ports[2],
    stop: () => kill(running.process),
    start: async () => {
      running = await launch(certificates);
    },
  };
}

/** The ports are free when they are picked, but another process may take one before mosquitto does. */
async function launch(certificates: Certificates): Promise<Running> {
  for (let attempt = 0; ; attempt++) {
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    const file = join(certificates.folder, 'mosquitto.conf');
    mkdirSync(join(certificates.folder, 'empty'), { recursive: true });
    writeFileSync(file, configuration(certificates, ports));
    const child = spawn(PROGRAM, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const failure = await untilRunning(child);
    if (failure === undefined) return { process: child, ports };
    if (attempt === 4) throw new Error(`mosquitto does not start: ${failure}`);
  }
}

function configuration(
  { caFile, serverCertFile, serverKeyFile }: Certificates,
  [tcp, tls, closed]: readonly [number, number, number],
): string {
  return `user root
per_listener_settings true
set_tcp_nodelay true
persistence false
log_dest stderr
log_type all
listener ${tcp} 127.0.0.1
allow_anonymous true
listener ${tls} 127.0.0.1
allow_anonymous false
cafile ${caFile}
certfile ${serverCertFile}
keyfile ${serverKeyFile}
require_certificate true
use_identity_as_username true
listener ${closed} 127.0.0.1
allow_anonymous false
`;
}

/** What it said when it ended instead, or undefined. */
function untilRunning(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let log = '';
    child.stderr?.on('data', (chunk) => {
      log = (log + chunk).slice(-4096);
      if (/mosquitto version \S+ running/.test(log)) resolve(undefined);
    });
    child.on('exit', () => resolve(log));
    child.on('error', (error) => resolve(String(error)));
  });
}

function kill(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
