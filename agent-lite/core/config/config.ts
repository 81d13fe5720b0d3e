import { BoardletError, LIMITS } from '@boardlet/adapters/wire';
import {
  fields,
  flag,
  integer,
  invalid,
  list,
  nearest,
  oneOf,
  type Place,
  text,
  texts,
} from './fields.ts';

export type ConfigLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Everything that an agent is told. Times and sizes carry their unit in the name. */
export interface AgentConfig {
  /** The board's id in its fleet: lower-case letters, digits and dashes. */
  readonly board: string;
  /** Default `default`. */
  readonly fleet: string;
  /** Name of the Kubernetes Node; always `<fleet>-<board>`. */
  readonly nodeName: string;
  /** Id of this connection: default the board's. A gateway that carries many boards has one link. */
  readonly link: string;
  /** Default `/var/lib/boardlet`. */
  readonly dataDir: string;
  /** Static pods; default `<dataDir>/manifests`. */
  readonly manifestsDir: string;
  /** Default `<dataDir>/policy.yaml`; where it is not there, the default policy holds; another one must exist. */
  readonly policyFile: string;
  /** `mqtt://`, `mqtts://`, `ws://`, `wss://`; tried in turn. Empty: the agent runs its static pods and stored pods alone. */
  readonly brokers: readonly string[];
  /** Node labels that this board suggests; the bridge's allow-list decides. At most 64. */
  readonly labels: Readonly<Record<string, string>>;
  /** Shards of the fleet, 1 to 256. Default 16; the same in the whole fleet. */
  readonly shards: number;
  /** Most bytes of the document store on disk, 1 MiB to 1 GiB. Default 64 MiB. */
  readonly storeBytes: number;
  /** Whether the host itself is offered as a device (load, memory, uptime, temperature). Default true. */
  readonly hostTwin: boolean;
  readonly log: {
    /** Default `info`. */
    readonly level: ConfigLogLevel;
    /** Lines a second in the long run, 1 to 10,000. Default 50. */
    readonly linesPerS: number;
  };
  readonly pods: {
    /** A container's log is turned over at this size, 4 KiB to 1 GiB. Default 10 MiB. */
    readonly logRotateBytes: number;
    /** Files kept per container, the present one counted, 1 to 100. Default 5. */
    readonly logFiles: number;
  };
}

type LogFields = AgentConfig['log'];
type PodFields = AgentConfig['pods'];
type Given = Omit<AgentConfig, 'nodeName' | 'log' | 'pods'> & {
  readonly log: Partial<LogFields>;
  readonly pods: Partial<PodFields>;
};

export interface ConfigInput {
  /** Parsed files, the later one over the earlier. */
  readonly files: readonly { readonly path: string; readonly value: unknown }[];
  /** The process environment; only names that start with `BOARDLET_` are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By field, in dashes: `data-dir`, `log-level`. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
}

const NAME = text(
  'lower-case letters, digits and inner dashes, at most 63',
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
);
const PATH = text('a path', /^[^\0]{1,4096}$/);
const URL = text(
  'a URL as mqtt://host:1883, mqtts://, ws:// or wss://, without a password',
  /^(mqtts?|wss?):\/\/[^\s/@]+(\/[^\s]*)?$/,
);
const LABEL_NAME =
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = text('a label value', /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/);
const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const MOST_NODE_NAME = 253;
const MOST_BROKERS = 16;
const MOST_LABELS = 64;

const LOG = {
  level: oneOf<ConfigLogLevel>(['debug', 'info', 'warn', 'error']),
  linesPerS: integer(1, 10_000),
};
const PODS = {
  logRotateBytes: integer(4 * KIB, GIB),
  logFiles: integer(1, 100),
};
const SHAPE = {
  board: NAME,
  fleet: NAME,
  link: NAME,
  dataDir: PATH,
  manifestsDir: PATH,
  policyFile: PATH,
  brokers: list(URL, MOST_BROKERS),
  labels: texts(LABEL_NAME, LABEL_VALUE, MOST_LABELS),
  shards: integer(1, 256),
  storeBytes: integer(MIB, GIB),
  hostTwin: flag(),
  log: fields<LogFields>(LOG),
  pods: fields<PodFields>(PODS),
};
const readGiven = fields<Given>(SHAPE);

/** `dataDir` → `data-dir`. */
const dashed = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Field path by the name that the command line gives it: `log-lines-per-s` → `log.linesPerS`. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.keys(SHAPE).flatMap((name): (readonly [string, string])[] => {
    const inner =
      name === 'log' ? Object.keys(LOG) : name === 'pods' ? Object.keys(PODS) : undefined;
    if (inner === undefined) return [[dashed(name), name]];
    return inner.map((each) => [`${dashed(name)}-${dashed(each)}`, `${name}.${each}`]);
  }),
);

/** Field names as the command line gives them, for its help. */
export const configFlags: readonly string[] = [...NAMES.keys()];

function place(target: Record<string, unknown>, path: string, value: unknown): void {
  const [outer = '', inner] = path.split('.');
  if (inner === undefined) target[outer] = value;
  else target[outer] = { ...(target[outer] as object | undefined), [inner]: value };
}

/** Names as given on the command line or in the environment, turned into the same form as a file's. */
function named(
  pairs: readonly (readonly [string, unknown])[],
  at: Place,
  shown: (n: string) => string,
) {
  const target: Record<string, unknown> = {};
  for (const [name, value] of pairs) {
    const path = NAMES.get(name);
    if (path === undefined) {
      const near = nearest(name, configFlags);
      const hint = near === undefined ? '' : `; did you mean ${shown(near)}?`;
      throw invalid({ ...at, path: shown(name) }, `unknown name${hint}`);
    }
    place(target, path, value);
  }
  return readGiven(target, at);
}

const PREFIX = 'BOARDLET_';
const asVariable = (name: string): string => PREFIX + name.toUpperCase().replaceAll('-', '_');
const asFlag = (name: string): string => `--${name}`;

function fromEnvironment(env: ConfigInput['env']): Partial<Given> {
  const pairs = Object.entries(env)
    .filter(([name, value]) => name.startsWith(PREFIX) && value !== undefined && value !== '')
    .map(([name, value]) => [variableName(name), value] as const);
  return named(pairs, { source: 'environment', path: '' }, asVariable);
}

const variableName = (name: string): string =>
  name.slice(PREFIX.length).toLowerCase().replaceAll('_', '-');

function fromFlags(flags: ConfigInput['flags']): Partial<Given> {
  const pairs = Object.entries(flags).filter(([, value]) => value !== undefined);
  return named(pairs, { source: 'command line', path: '' }, asFlag);
}

/** Flags over environment over files over defaults; lists and labels of one source replace those of another. Throws
 * `BL_CONFIG_INVALID` naming source and field, `BL_CONFIG_MISSING` where no board is named. */
export function loadConfig(input: ConfigInput): AgentConfig {
  const parts = [
    ...input.files.map(({ path, value }) => readGiven(value ?? {}, { source: path, path: '' })),
    fromEnvironment(input.env),
    fromFlags(input.flags),
  ];
  const given: Partial<Given> = Object.assign({}, ...parts);
  const log: Partial<LogFields> = Object.assign({}, ...parts.map((part) => part.log));
  const pods: Partial<PodFields> = Object.assign({}, ...parts.map((part) => part.pods));
  return complete({ ...given, log, pods });
}

function complete(given: Partial<Given>): AgentConfig {
  const { board, fleet = 'default', dataDir = '/var/lib/boardlet' } = given;
  if (board === undefined)
    throw new BoardletError(
      'BL_CONFIG_MISSING',
      'board: no id is given, by file, BOARDLET_BOARD or --board',
    );
  const nodeName = `${fleet}-${board}`;
  if (nodeName.length > MOST_NODE_NAME)
    throw invalid({ source: 'configuration', path: 'board' }, `node name ${nodeName} is too long`);
  return {
    link: board,
    manifestsDir: `${dataDir}/manifests`,
    policyFile: `${dataDir}/policy.yaml`,
    brokers: [],
    labels: {},
    shards: LIMITS.shards,
    storeBytes: LIMITS.storeBytes,
    hostTwin: true,
    ...given,
    board,
    fleet,
    nodeName,
    dataDir,
    log: { level: 'info', linesPerS: 50, ...given.log },
    pods: { logRotateBytes: 10 * MIB, logFiles: 5, ...given.pods },
  };
}
