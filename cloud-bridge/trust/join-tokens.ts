/** One-time join tokens, stored hashed as Secrets. The Secret's resourceVersion decides a race between two joins. */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import type { KubeClient, KubeObject } from '../kube/contract.ts';
import { SECRETS } from '../kube/resources.ts';
import {
  GATEWAY_BOARDS_MAX,
  JOIN_TOKEN_LABEL,
  SYSTEM_NAMESPACE,
  TOKEN_TTL_MAX_S,
  TOKEN_TTL_MIN_S,
  TOKEN_TTL_S,
} from './constants.ts';
import type { GatewayGrant, JoinGrant, JoinTokenRequest, JoinTokens } from './contract.ts';
import { isBoardId } from './names.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 6;
/** 36^16 is 82 bits: no guessing, so a plain hash is enough to store. */
const SECRET_LENGTH = 16;
const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})\.([0-9a-f]{64})$/;
const MAX_TOKEN_CHARACTERS = 6 + 1 + 16 + 1 + 64;

type Claim = Parameters<JoinTokens['claim']>[0];
interface StoredToken {
  readonly secretHash: Buffer;
  readonly expiresMs: number;
  readonly board?: string;
  readonly gateway?: GatewayGrant;
  readonly claimed?: { readonly board: string; readonly keyHash: string };
  readonly settled: boolean;
}

export interface JoinTokensOptions {
  readonly kube: KubeClient;
  readonly caHash: string;
  /** Default `boardlet-system`. */
  readonly namespace?: string;
  /** Unix ms. Default `Date.now`. */
  readonly now?: () => number;
}

/** Tokens over the Kubernetes API; any replica may take any of them. */
export function createJoinTokens(options: JoinTokensOptions): JoinTokens {
  const { kube, caHash, namespace = SYSTEM_NAMESPACE, now = Date.now } = options;
  return {
    make: async (request) => {
      const ttlS = checkRequest(request);
      const id = random(ID_LENGTH);
      const secret = random(SECRET_LENGTH);
      const expiresAt = new Date(now() + ttlS * 1000).toISOString();
      await kube.create(SECRETS, encode(namespace, id, secret, expiresAt, request));
      return { token: `${id}.${secret}.${caHash}`, id, expiresAt };
    },
    claim: (claim) => claimToken(kube, namespace, caHash, now(), claim),
    settle: (id) => settle(kube, namespace, id),
    sweep: () => sweep(kube, namespace, now()),
  };
}

function random(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

function checkRequest(request: JoinTokenRequest): number {
  const { board, gateway, ttlS = TOKEN_TTL_S } = request;
  const bad = (message: string): BoardletError => new BoardletError('BL_TRUST_REQUEST', message);
  if (board !== undefined && gateway !== undefined) {
    throw bad('a token is for one board or for a gateway, not both');
  }
  const name = board ?? gateway?.prefix;
  if (name !== undefined && !isBoardId(name)) {
    throw bad(`"${name}" is no board name: lower-case letters, digits and hyphens, at most 63`);
  }
  if (gateway !== undefined && !isWithin(gateway.boards, 1, GATEWAY_BOARDS_MAX)) {
    throw bad(`a gateway brings 1 to ${GATEWAY_BOARDS_MAX} boards, not ${gateway.boards}`);
  }
  if (!isWithin(ttlS, TOKEN_TTL_MIN_S, TOKEN_TTL_MAX_S)) {
    throw bad(`a token lives ${TOKEN_TTL_MIN_S} to ${TOKEN_TTL_MAX_S} seconds, not ${ttlS}`);
  }
  return ttlS;
}

function isWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

async function claimToken(
  kube: KubeClient,
  namespace: string,
  caHash: string,
  nowMs: number,
  claim: Claim,
): Promise<JoinGrant> {
  const { id, secret } = parseToken(claim.token, caHash);
  const object = await readSecret(kube, namespace, id);
  const stored = object === undefined ? undefined : decode(object);
  // An unknown id is compared too, so that the answer's time tells nothing.
  const matches = timingSafeEqual(sha256(secret), stored?.secretHash ?? sha256(caHash));
  if (object === undefined || stored === undefined || !matches || stored.expiresMs <= nowMs) {
    throw badToken();
  }
  const grant = grantOf(id, stored, claim.board);
  if (stored.claimed !== undefined) {
    const { board, keyHash } = stored.claimed;
    if (board !== grant.board || keyHash !== claim.keyHash) throw badToken();
    await claim.admit(grant);
    return grant;
  }
  await claim.admit(grant);
  await markClaimed(kube, object, grant.board, claim.keyHash);
  return grant;
}

/** One answer for a token that is malformed, unknown, expired, spent or of another CA: an asker learns nothing. */
function badToken(): BoardletError {
  return new BoardletError(
    'BL_TRUST_TOKEN',
    'the join token is not valid: it may be mistyped, spent or expired; ask for a new one',
  );
}

function parseToken(text: string, caHash: string): { id: string; secret: string } {
  const match = text.length <= MAX_TOKEN_CHARACTERS ? TOKEN.exec(text) : null;
  const [, id, secret, hash] = match ?? [];
  if (id === undefined || secret === undefined || hash !== caHash) throw badToken();
  return { id, secret };
}

async function readSecret(
  kube: KubeClient,
  namespace: string,
  id: string,
): Promise<KubeObject | undefined> {
  try {
    return await kube.get(SECRETS, namespace, secretName(id));
  } catch (error) {
    if (isBoardletError(error, 'BL_KUBE_NOT_FOUND')) return undefined;
    throw error;
  }
}

function grantOf(id: string, stored: StoredToken, wanted: string | undefined): JoinGrant {
  const fixed = stored.board ?? stored.gateway?.prefix;
  const board = fixed ?? stored.claimed?.board ?? wanted;
  if (!isBoardId(board) || (fixed !== undefined && wanted !== undefined && wanted !== fixed)) {
    throw new BoardletError(
      'BL_TRUST_BOARD_NAME',
      fixed === undefined
        ? 'the board needs a name: lower-case letters, digits and hyphens, at most 63'
        : 'the token is for a board of another name',
    );
  }
  const repeated = stored.claimed !== undefined;
  const grant = { id, board, named: fixed !== undefined, repeated, settled: stored.settled };
  return stored.gateway === undefined ? grant : { ...grant, gateway: stored.gateway };
}

/** The precondition on resourceVersion is what makes the token one-time. */
async function markClaimed(
  kube: KubeClient,
  object: KubeObject,
  board: string,
  keyHash: string,
): Promise<void> {
  const data = {
    ...dataOf(object),
    'claimed-board': base64(board),
    'claimed-key': base64(keyHash),
  };
  try {
    await kube.replace(SECRETS, { ...object, data });
  } catch (error) {
    const lost =
      isBoardletError(error, 'BL_KUBE_CONFLICT') || isBoardletError(error, 'BL_KUBE_NOT_FOUND');
    throw lost ? badToken() : error;
  }
}

async function settle(kube: KubeClient, namespace: string, id: string): Promise<void> {
  const object = await readSecret(kube, namespace, id);
  if (object === undefined) return;
  try {
    await kube.replace(SECRETS, {
      ...object,
      data: { ...dataOf(object), settled: base64('true') },
    });
  } catch (error) {
    // A repetition at the same moment has settled it, or the token was swept.
    const done =
      isBoardletError(error, 'BL_KUBE_CONFLICT') || isBoardletError(error, 'BL_KUBE_NOT_FOUND');
    if (!done) throw error;
  }
}

async function sweep(kube: KubeClient, namespace: string, nowMs: number): Promise<number> {
  const { items } = await kube.list(SECRETS, { namespace, labelSelector: JOIN_TOKEN_LABEL });
  let removed = 0;
  for (const object of items) {
    const stored = decode(object);
    if (stored !== undefined && stored.expiresMs > nowMs) continue;
    removed += await removeOnce(kube, namespace, object);
  }
  return removed;
}

async function removeOnce(kube: KubeClient, namespace: string, object: KubeObject): Promise<0 | 1> {
  try {
    await kube.remove(SECRETS, namespace, object.metadata.name);
    return 1;
  } catch (error) {
    // Another replica swept it.
    if (isBoardletError(error, 'BL_KUBE_NOT_FOUND')) return 0;
    throw error;
  }
}

function encode(
  namespace: string,
  id: string,
  secret: string,
  expiresAt: string,
  { board, gateway }: JoinTokenRequest,
): KubeObject {
  const fields: Record<string, string> = {
    'secret-hash': sha256(secret).toString('hex'),
    expires: expiresAt,
    ...(board === undefined ? {} : { board }),
    ...(gateway === undefined
      ? {}
      : { 'gateway-prefix': gateway.prefix, 'gateway-boards': String(gateway.boards) }),
  };
  const entries = Object.entries(fields).map(([name, value]) => [name, base64(value)]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'boardlet.dev/join-token',
    metadata: { name: secretName(id), namespace, labels: { [JOIN_TOKEN_LABEL]: 'true' } },
    data: Object.fromEntries(entries),
  };
}

/** Undefined: not a Secret of ours, or edited beyond use. */
function decode(object: KubeObject): StoredToken | undefined {
  const data = dataOf(object);
  const text = (name: string): string | undefined => {
    const value = data[name];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  };
  const secretHash = Buffer.from(text('secret-hash') ?? '', 'hex');
  const expiresMs = Date.parse(text('expires') ?? '');
  if (secretHash.length !== 32 || Number.isNaN(expiresMs)) return undefined;
  const board = text('board');
  const prefix = text('gateway-prefix');
  const claimedBoard = text('claimed-board');
  const keyHash = text('claimed-key');
  return {
    secretHash,
    expiresMs,
    settled: text('settled') === 'true',
    ...(board === undefined ? {} : { board }),
    ...(prefix === undefined
      ? {}
      : { gateway: { prefix, boards: Number(text('gateway-boards')) } }),
    ...(claimedBoard === undefined || keyHash === undefined
      ? {}
      : { claimed: { board: claimedBoard, keyHash } }),
  };
}

function dataOf(object: KubeObject): Record<string, string> {
  const { data } = object;
  if (typeof data !== 'object' || data === null) return {};
  const entries = Object.entries(data).filter(
    (e): e is [string, string] => typeof e[1] === 'string',
  );
  return Object.fromEntries(entries);
}

function secretName(id: string): string {
  return `join-token-${id}`;
}
function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
