/** What makes this agent a board of a fleet: key, certificate and where to connect, in one document, so that a power cut
 * leaves the old one or the new one and never a key beside another's certificate. */
export interface Identity {
  readonly board: string;
  readonly fleet: string;
  readonly node: string;
  /** MQTT user and client id; the certificate's CN. */
  readonly link: string;
  readonly brokers: readonly string[];
  readonly shards: number;
  /** Hex of 8 bytes. */
  readonly realm: string;
  /** PEM. */
  readonly ca: string;
  /** PEM: leaf, then CA. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly key: string;
  readonly gateway?: { readonly prefix: string; readonly boards: number };
}
/** What the bridge answers to a join; the rest of an identity is our own. */
export interface JoinAnswer extends Omit<Identity, 'key' | 'link'> {
  /** RFC 3339. */
  readonly notAfter: string;
  /** The bridge's clock. */
  readonly unixMs?: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly path: string };

const FORMAT = 1;
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NODE = /^[a-z0-9]([a-z0-9-]{0,125}[a-z0-9])?$/;
const REALM = /^[0-9a-f]{16}$/;
const URL = /^(mqtts?|wss?):\/\/[^\s]{1,256}$/;
const PEM = /^-----BEGIN [A-Z ]+-----\n[\w+/=\n -]+-----END [A-Z ]+-----\s*$/;
const PEM_MAX_CHARACTERS = 32_768;
const BROKERS_MAX = 16;
const SHARDS_MAX = 256;
const GATEWAY_BOARDS_MAX = 256;

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const matches =
  (form: RegExp): Check =>
  (value) =>
    typeof value === 'string' && form.test(value);
const isPem: Check = (value) =>
  typeof value === 'string' && value.length <= PEM_MAX_CHARACTERS && PEM.test(value);
const isWithin =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
const isGateway: Check = (value) => {
  const { prefix, boards } = fieldsOf(value);
  return matches(NAME)(prefix) && isWithin(1, GATEWAY_BOARDS_MAX)(boards);
};

const SHARED: Readonly<Record<string, Check>> = {
  board: matches(NAME),
  fleet: matches(NAME),
  node: matches(NODE),
  brokers: (value) =>
    Array.isArray(value) && isWithin(1, BROKERS_MAX)(value.length) && value.every(matches(URL)),
  shards: isWithin(1, SHARDS_MAX),
  realm: matches(REALM),
  ca: isPem,
  certificate: isPem,
  gateway: (value) => value === undefined || isGateway(value),
};
const ANSWER: Readonly<Record<string, Check>> = {
  ...SHARED,
  notAfter: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  unixMs: (value) => value === undefined || isWithin(0, Number.MAX_SAFE_INTEGER)(value),
};
const IDENTITY: Readonly<Record<string, Check>> = {
  ...SHARED,
  format: (value) => value === FORMAT,
  link: matches(NAME),
  key: isPem,
};

/** JSON text. */
export function encodeIdentity(identity: Identity): string {
  return `${JSON.stringify({ format: FORMAT, ...identity }, undefined, 1)}\n`;
}

export function parseIdentity(text: string): Parsed<Identity> {
  return parse<Identity>(text, IDENTITY);
}

export function parseJoinAnswer(text: string): Parsed<JoinAnswer> {
  return parse<JoinAnswer>(text, ANSWER);
}

/** Takes known fields that pass their check; unknown ones are left out. */
function parse<T>(text: string, checks: Readonly<Record<string, Check>>): Parsed<T> {
  let fields: Fields;
  try {
    fields = fieldsOf(JSON.parse(text));
  } catch {
    return { ok: false, path: '' };
  }
  const taken: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(checks)) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!check(value)) return { ok: false, path: name };
    if (value !== undefined && name !== 'format') taken[name] = value;
  }
  return { ok: true, value: taken as T };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
