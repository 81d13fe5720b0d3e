/** Flags of `boardlet-bridge`, checked. */
import { BoardletError, LIMITS } from '@boardlet/adapters/wire';
import { Command } from 'commander';

export interface Address {
  readonly host: string;
  readonly port: number;
}
export interface Settings {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly pki: string;
  readonly fleet: string;
  readonly namespace: string;
  readonly broker: readonly string[];
  /** MQTT user and client id; default `bridge.<random>`. */
  readonly name?: string;
  readonly publicBroker: readonly string[];
  readonly joinListen: Address;
  readonly publicJoinUrl?: string;
  readonly kubeletListen: Address;
  /** InternalIP of every node: where the API server dials the kubelet endpoint. */
  readonly nodeAddress: string;
  readonly shards: number;
  readonly beatS: number;
  readonly paceMs: number;
  readonly certificateS?: number;
  readonly mirrorNamespaces?: readonly string[];
  readonly boardAddresses: boolean;
  /** Serve over a broker that lets clients without a certificate in. */
  readonly allowOpenBroker: boolean;
  readonly logLevel: string;
}

interface Raw {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly pki: string;
  readonly fleet: string;
  readonly namespace: string;
  readonly broker: readonly string[];
  readonly name?: string;
  readonly publicBroker?: readonly string[];
  readonly joinListen: string;
  readonly publicJoinUrl?: string;
  readonly kubeletListen: string;
  readonly nodeAddress?: string;
  readonly shards: string;
  readonly beat: string;
  readonly pace: string;
  readonly certificateLifetime?: string;
  readonly mirrorNamespace?: readonly string[];
  readonly boardAddresses?: boolean;
  readonly allowOpenBroker?: boolean;
  readonly logLevel: string;
}

const NAME = /^bridge\.[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const LEAST_CERTIFICATE_S = 20;
/** Below the 300 ms after which the projection writes a lone change at once: a value that changes twice a second is held back
 * nowhere, while the changes of a burst come close enough together to be told from lone ones. R5 raises it under load. */
const DEFAULT_PACE_MS = 200;

const FLEET = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

const usage = (message: string): BoardletError => new BoardletError('BL_BRIDGE_USAGE', message);

function address(flag: string, text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    throw usage(`--${flag}: "${text}" is not of the form host:port`);
  return { host, port };
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw usage(`--${flag}: "${text}" is not a whole number from ${least} to ${most}`);
}

export function bridgeCommand(version: string): Command {
  return new Command('boardlet-bridge')
    .description('projects boards as Kubernetes nodes')
    .version(version)
    .option(
      '--kubeconfig <file>',
      'default: $KUBECONFIG, or the service account of the pod it runs in',
    )
    .option('--context <name>', "default: the kubeconfig's current context")
    .requiredOption('--pki <folder>', 'CA of the boards, made when missing')
    .requiredOption('--broker <url...>', 'where the bridge itself connects: mqtts://host:port')
    .option(
      '--name <name>',
      'as which it connects, bridge.<name>: for a broker that lists its bridges; default: bridge.<random>',
    )
    .option('--public-broker <url...>', 'what boards are told at join; default: the same')
    .option('--fleet <name>', 'first part of every node name', 'default')
    .option('--namespace <name>', 'bindings, tokens and Leases of the bridge', 'boardlet-system')
    .option(
      '--join-listen <host:port>',
      'where boards join; port 0: any free one',
      '127.0.0.1:7443',
    )
    .option('--public-join-url <url>', 'what boardctl tells boards; default: where it listens')
    .option(
      '--kubelet-listen <host:port>',
      'kubelet endpoint: where the API server reads logs',
      '127.0.0.1:10250',
    )
    .option('--node-address <ip>', "every node's InternalIP; default: the kubelet endpoint's host")
    .option('--shards <n>', 'of the fleet, fixed for its life', String(LIMITS.shards))
    .option('--beat <seconds>', 'between beats of a link, 1 to 300', String(LIMITS.beatS))
    .option('--pace <ms>', 'least time between two reports of one value', String(DEFAULT_PACE_MS))
    .option('--certificate-lifetime <seconds>', "of boards' certificates, 20 to 31,536,000")
    .option(
      '--mirror-namespace <name...>',
      'namespaces in which static pods are shown; default: default',
    )
    .option('--board-addresses', "publish boards' own addresses as ExternalIP")
    .option('--allow-open-broker', 'serve over a broker that lets strangers in: for trials only')
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'info')
    .addHelpText(
      'after',
      '\nExamples:\n  boardlet-bridge --kubeconfig ~/.kube/config --pki ./pki --broker mqtts://broker.example:8883\n' +
        '  boardlet-bridge --pki ./pki --broker mqtts://127.0.0.1:8883 --join-listen 0.0.0.0:7443 --public-join-url https://boards.example:7443',
    );
}

function check(raw: Raw): Settings {
  if (!FLEET.test(raw.fleet))
    throw usage(`--fleet: "${raw.fleet}" is not a lower-case name of at most 32 characters`);
  if (raw.name !== undefined && !NAME.test(raw.name))
    throw usage(`--name: "${raw.name}" is not of the form bridge.<name>`);
  const kubeletListen = address('kubelet-listen', raw.kubeletListen);
  const { certificateLifetime, mirrorNamespace, publicJoinUrl, kubeconfig, context, name } = raw;
  return {
    pki: raw.pki,
    fleet: raw.fleet,
    namespace: raw.namespace,
    broker: raw.broker,
    publicBroker: raw.publicBroker ?? raw.broker,
    joinListen: address('join-listen', raw.joinListen),
    kubeletListen,
    nodeAddress: raw.nodeAddress ?? kubeletListen.host,
    shards: whole('shards', raw.shards, 1, 256),
    beatS: whole('beat', raw.beat, 1, 300),
    paceMs: whole('pace', raw.pace, 50, 600_000),
    boardAddresses: raw.boardAddresses ?? false,
    allowOpenBroker: raw.allowOpenBroker ?? false,
    logLevel: raw.logLevel,
    ...(certificateLifetime === undefined
      ? {}
      : {
          certificateS: whole(
            'certificate-lifetime',
            certificateLifetime,
            LEAST_CERTIFICATE_S,
            31_536_000,
          ),
        }),
    ...(mirrorNamespace === undefined ? {} : { mirrorNamespaces: mirrorNamespace }),
    ...(publicJoinUrl === undefined ? {} : { publicJoinUrl }),
    ...(name === undefined ? {} : { name }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

/** Throws `BL_BRIDGE_USAGE`, and commander's own errors for help and unknown flags. */
export function readSettings(args: readonly string[], version: string): Settings {
  return check(
    bridgeCommand(version)
      .exitOverride()
      .parse([...args], { from: 'user' })
      .opts<Raw>(),
  );
}
