/** `boardlet-broker`: the embedded broker as a process of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import { Command, CommanderError } from 'commander';
import { hasAuthority } from '../trust/authority-file.ts';
import type { Log } from '../trust/contract.ts';
import { loadOrCreateAuthority, SERVER_LIFETIME_S } from '../trust/index.ts';
import { createBroker } from './broker.ts';
import type { Broker, BrokerTls, ListenerOptions } from './contract.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** setTimeout holds no more than 2^31 ms; a certificate of 30 days is renewed after 20. */
const RENEW_AFTER_MS: number = (SERVER_LIFETIME_S * 1000 * 2) / 3;
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface BrokerProgramHost {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly version: string;
}
export interface BrokerProgram {
  /** 0 while it runs. */
  readonly exit: number;
  readonly broker?: Broker;
  readonly stop: () => void;
}
interface Arguments {
  readonly listen?: string;
  readonly wss?: string;
  readonly plain?: string;
  readonly pki: string;
  readonly fleet: string;
  readonly name: readonly string[];
}

/** Starts, then prints one JSON line with the addresses on standard output; the log goes to standard error. */
export async function startBrokerProgram(
  args: readonly string[],
  host: BrokerProgramHost,
): Promise<BrokerProgram> {
  const stopped = { stop: (): void => undefined };
  try {
    return await start(parse(args, host), host);
  } catch (error) {
    if (error instanceof CommanderError) {
      return { exit: error.exitCode === 0 ? 0 : EXIT_USAGE, ...stopped };
    }
    const code = isBoardletError(error) ? error.code : 'BL_INTERNAL';
    const message = error instanceof Error ? error.message : String(error);
    host.stderr(`boardlet-broker: ${message} (${code})\n`);
    return { exit: code === 'BL_BROKER_USAGE' ? EXIT_USAGE : EXIT_FAILED, ...stopped };
  }
}

function parse(args: readonly string[], host: BrokerProgramHost): Arguments {
  const program = new Command('boardlet-broker')
    .description('an MQTT 3.1.1 broker where every client is the name in its certificate')
    .version(host.version)
    .option('--listen <host:port>', 'MQTT over TLS; port 0: any free one')
    .option('--wss <host:port>', 'MQTT over secure WebSocket, path /mqtt')
    .option('--plain <host:port>', 'MQTT without TLS, for tests: loopback only, names are believed')
    .requiredOption(
      '--pki <folder>',
      "the bridge's CA, or a folder with ca.crt, broker.crt and broker.key",
    )
    .option('--fleet <name>', 'of a CA that is made now', 'default')
    .option(
      '--name <host...>',
      'names in the certificate; default: where it listens and this host',
      [],
    )
    .addHelpText(
      'after',
      '\nExample:\n  boardlet-broker --pki ./pki --listen 0.0.0.0:8883 --wss 0.0.0.0:443',
    )
    .configureOutput({ writeOut: host.stdout, writeErr: host.stderr })
    .exitOverride();
  return program.parse([...args], { from: 'user' }).opts<Arguments>();
}

async function start(options: Arguments, host: BrokerProgramHost): Promise<BrokerProgram> {
  const listeners = [
    listenerOf('tls', options.listen),
    listenerOf('wss', options.wss),
    listenerOf('tcp', options.plain),
  ].filter((l) => l !== undefined);
  if (listeners.length === 0) throw usage('nothing to listen on: --listen or --wss');
  const log = createJsonLog(host.stderr);
  const names = [...new Set([...options.name, ...defaultNames(listeners)])];
  const source = await openCertificates(options, names);
  const tls = await source();
  const broker = await createBroker({ listeners, tls, log });
  const renewal = setInterval(
    () => {
      source().then(broker.setCertificate.bind(broker), (error: Error) =>
        log.error('broker.certificate-not-renewed', { error: error.message }),
      );
    },
    Math.min(RENEW_AFTER_MS, TIMER_MAX_MS),
  );
  host.stdout(`${JSON.stringify(readyOf(listeners, broker.urls))}\n`);
  const stop = (): void => {
    clearInterval(renewal);
    broker.close().then(
      () => log.info('broker.stopped'),
      (error: Error) => log.error('broker.stop-failed', { error: error.message }),
    );
  };
  return { exit: 0, broker, stop };
}

function listenerOf(
  kind: ListenerOptions['kind'],
  text: string | undefined,
): ListenerOptions | undefined {
  if (text === undefined) return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) throw usage(`"${text}" is not of the form host:port`);
  return { kind, host, port };
}

function defaultNames(listeners: readonly ListenerOptions[]): readonly string[] {
  const hosts = listeners.map(({ host }) => host).filter((h) => h !== '0.0.0.0' && h !== '::');
  return [...hosts, 'localhost', '127.0.0.1', hostname()];
}

/** Where the server's certificate comes from: issued anew by the CA at hand, or read anew from files. */
async function openCertificates(
  { pki, fleet }: Arguments,
  names: readonly string[],
): Promise<() => Promise<BrokerTls>> {
  const file = (name: string): string => join(pki, name);
  const provided = ['ca.crt', 'broker.crt', 'broker.key'].every((n) => existsSync(file(n)));
  if (provided && !hasAuthority(pki)) {
    const text = (name: string): string => readFileSync(file(name), 'utf8');
    return () =>
      Promise.resolve({ ca: text('ca.crt'), cert: text('broker.crt'), key: text('broker.key') });
  }
  const authority = await loadOrCreateAuthority(pki, { fleet });
  return async () => {
    const { chain, key } = await authority.issueServer({ names, lifetimeS: SERVER_LIFETIME_S });
    return { ca: authority.caPem(), cert: chain, key };
  };
}

const READY_KEYS = { tls: 'brokerListen', wss: 'wssListen', tcp: 'plainListen', ws: 'wsListen' };

function readyOf(
  listeners: readonly ListenerOptions[],
  urls: readonly string[],
): Readonly<Record<string, unknown>> {
  const ready: Record<string, unknown> = { ready: true, pid: process.pid, urls };
  listeners.forEach(({ kind }, at) => {
    ready[READY_KEYS[kind]] = new URL(urls[at] ?? '').host;
  });
  return ready;
}

function createJsonLog(write: (text: string) => void): Log {
  const at =
    (level: string): Log['info'] =>
    (event, fields) =>
      write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

function usage(message: string): BoardletError {
  return new BoardletError('BL_BROKER_USAGE', message);
}
