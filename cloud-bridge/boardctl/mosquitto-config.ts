/** mosquitto's configuration for the rules of the embedded broker: names from certificates, rights from names. */
import { BoardletError } from '@boardlet/adapters/wire';

export interface MosquittoOptions {
  /** Folder that holds the files, as mosquitto sees it. */
  readonly dir: string;
  readonly port: number;
  /** Default: every address. */
  readonly host?: string;
  /** Names of the bridge's replicas: `bridge.<name>`. */
  readonly bridges: readonly string[];
  /** Largest number of links. Default 10,000. */
  readonly maxConnections?: number;
  /** Account that mosquitto changes to when root starts it; default its own choice. */
  readonly user?: string;
}
export const MOSQUITTO_FILES = {
  config: 'mosquitto.conf',
  acl: 'mosquitto.acl',
  ca: 'ca.crt',
  cert: 'broker.crt',
  key: 'broker.key',
} as const;

/** A message of 64 KiB and its header. */
const MAX_PACKET_BYTES = 65_536 + 4096;
/** Windows stay far below it (docs/protocol.md F1), so a full queue is a client that reads nothing. */
const MAX_QUEUED_MESSAGES = 1000;
/** mosquitto's Receive Maximum, 20 unless told, would hold a bridge of many boards to 20 messages on the way; its own window
 * is 400. */
const MAX_INFLIGHT_MESSAGES = 500;
const MAX_KEEPALIVE_S = 600;
/** One word each: a line break or a space in a path would become another directive. */
const SAFE_PATH = /^[\w./:\\-]+$/;

/** Throws `BL_CTL_USAGE` for a path that mosquitto.conf cannot hold. */
export function mosquittoConfig(options: MosquittoOptions): string {
  const { dir, host, port, maxConnections = 10_000, user } = options;
  for (const word of [dir, host ?? 'x', user ?? 'x']) {
    if (!SAFE_PATH.test(word)) {
      throw new BoardletError('BL_CTL_USAGE', `mosquitto.conf cannot hold the name "${word}"`);
    }
  }
  const file = (name: string): string => `${dir}/${name}`;
  const lines = [
    '# Written by: boardctl broker config --mosquitto',
    '# mosquitto 2.0 or later. Every client is the name in its certificate, and nothing else.',
    `listener ${port}${host === undefined ? '' : ` ${host}`}`,
    `cafile ${file(MOSQUITTO_FILES.ca)}`,
    `certfile ${file(MOSQUITTO_FILES.cert)}`,
    `keyfile ${file(MOSQUITTO_FILES.key)}`,
    'tls_version tlsv1.2',
    'require_certificate true',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    'allow_anonymous false',
    `acl_file ${file(MOSQUITTO_FILES.acl)}`,
    `max_connections ${maxConnections}`,
    'max_qos 1',
    'retain_available false',
    'persistence false',
    'set_tcp_nodelay true',
    `max_packet_size ${MAX_PACKET_BYTES}`,
    `max_inflight_messages ${MAX_INFLIGHT_MESSAGES}`,
    `max_queued_messages ${MAX_QUEUED_MESSAGES}`,
    `max_keepalive ${MAX_KEEPALIVE_S}`,
    ...(user === undefined ? [] : [`user ${user}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** `%u` is the user, so the certificate's name: each link gets its own subtree, a bridge everything under `bl/`. */
export function mosquittoAcl(bridges: readonly string[]): string {
  const pattern = (right: string, leaves: string): string[] =>
    [...leaves].map((leaf) => `pattern ${right} bl/+/+/%u/${leaf}`);
  const lines = [
    '# Written by: boardctl broker config --mosquitto',
    ...bridges.flatMap((name) => [`user ${name}`, 'topic readwrite bl/#', '']),
    ...pattern('write', 'ujswt'),
    ...pattern('read', 'drc'),
    ...pattern('readwrite', 'x'),
  ];
  return `${lines.join('\n')}\n`;
}
