/** Certificates and MQTT clients, honest and hostile, for tests of any broker that shares our rules. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { CertificateAuthority } from '../../trust/contract.ts';
import { loadOrCreateAuthority } from '../../trust/index.ts';
import { makeRequest } from '../../trust/testing/openssl-request.ts';

const DAY_MS = 86_400_000;

export interface Identity {
  readonly name: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}
export interface TestPki {
  readonly authority: CertificateAuthority;
  readonly server: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly link: (name: string) => Promise<Identity>;
  readonly bridge: (name: string) => Promise<Identity>;
  /** Its certificate ended yesterday. */
  readonly expired: (name: string) => Promise<Identity>;
  /** The same name, from a CA that the broker does not know. */
  readonly foreign: (name: string) => Promise<Identity>;
  readonly remove: () => void;
}

export async function createTestPki(): Promise<TestPki> {
  const root = mkdtempSync(join(tmpdir(), 'broker-pki-'));
  const authority = await loadOrCreateAuthority(join(root, 'ours'));
  const past = await loadOrCreateAuthority(join(root, 'ours'), {
    now: () => Date.now() - 2 * DAY_MS,
  });
  const other = await loadOrCreateAuthority(join(root, 'other'));
  const { chain, key } = await authority.issueServer({ names: ['127.0.0.1'], lifetimeS: 3600 });
  const ca = authority.caPem();
  const linkOf = async (from: CertificateAuthority, name: string): Promise<Identity> => {
    const request = makeRequest('p256', name);
    const issued = await from.issueClient(request.csr, name, 3600);
    return { name, ca, cert: issued.chain, key: request.key };
  };
  const links = new Map<string, Promise<Identity>>();
  const once = (name: string): Promise<Identity> => {
    const made = links.get(name) ?? linkOf(authority, name);
    links.set(name, made);
    return made;
  };
  return {
    authority,
    server: { ca, cert: chain, key },
    link: once,
    expired: (name) => linkOf(past, name),
    foreign: (name) => linkOf(other, name),
    bridge: async (name) => {
      const own = await authority.issueOwn(name, 3600);
      return { name, ca, cert: own.chain, key: own.key };
    },
    remove: () => rmSync(root, { recursive: true }),
  };
}

/** Resolves when connected; rejects with the reason (CONNACK's code or the TLS alert). */
export function connectAs(
  url: string,
  identity: Identity,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const { name, ca, cert, key } = identity;
  return open(url, { clientId: name, username: name, ca, cert, key, ...options });
}

export function open(url: string, options: IClientOptions): Promise<MqttClient> {
  const client = connect(url, {
    reconnectPeriod: 0,
    connectTimeout: 20_000,
    protocolVersion: 4,
    ...options,
  });
  return new Promise((resolve, reject) => {
    let reason: Error = new Error('closed without a reason');
    client.on('error', (error) => {
      reason = error;
    });
    const onClose = (): void => reject(reason);
    client.once('close', onClose);
    client.once('connect', () => {
      client.off('close', onClose);
      resolve(client);
    });
  });
}

/** Resolves when the broker acknowledged the message or closed the connection. */
export function publishOrClose(
  client: MqttClient,
  topic: string,
  options: {
    readonly payload?: string | Buffer;
    readonly qos?: 0 | 1 | 2;
    readonly retain?: boolean;
  } = {},
): Promise<'acknowledged' | 'closed'> {
  const { payload = 'x', qos = 1, retain = false } = options;
  return new Promise((resolve) => {
    const onClose = (): void => resolve('closed');
    client.setMaxListeners(0);
    client.once('close', onClose);
    client.publish(topic, payload, { qos, retain }, (error) => {
      if (error) return;
      client.off('close', onClose);
      resolve('acknowledged');
    });
  });
}

/** The QoS that was granted for a filter; 128: refused. */
export function subscribe(client: MqttClient, filter: string, qos: 0 | 1 | 2 = 1): Promise<number> {
  return new Promise((resolve) => {
    client.subscribe(filter, { qos }, (error, granted) => {
      resolve(error ? 128 : (granted?.[0]?.qos ?? 128));
    });
  });
}

export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (client.disconnected || !client.connected) resolve();
    else client.once('close', () => resolve());
  });
}

/** Collects what a client receives; `until` waits for a topic. */
export interface Observer {
  readonly topics: readonly string[];
  readonly until: (topic: string) => Promise<void>;
}
export function observe(client: MqttClient): Observer {
  const topics: string[] = [];
  const waiting = new Map<string, () => void>();
  client.on('message', (topic) => {
    topics.push(topic);
    waiting.get(topic)?.();
  });
  return {
    topics,
    until: (topic) =>
      new Promise((resolve) => {
        if (topics.includes(topic)) resolve();
        else waiting.set(topic, resolve);
      }),
  };
}
