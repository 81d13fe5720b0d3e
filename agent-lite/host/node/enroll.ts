/** Joining a fleet: one call that can be cut at any moment and simply be repeated with the same token. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BoardletError } from '@boardlet/adapters/wire';
import {
  type CertificateDates,
  encodeIdentity,
  type Identity,
  type JoinAnswer,
  type JoinToken,
  type KnownTime,
  parseIdentity,
  parseJoinAnswer,
  parseJoinToken,
} from '../../core/enroll/index.ts';
import type { Files, HostResult } from '../../core/host.ts';
import { checkOwnCertificate, createKey, requestFor } from './certificates.ts';
import { postPinned } from './pinned-https.ts';

const IDENTITY_FILE = 'identity';
/** Key of a join whose answer has not been stored: repeated with it, the bridge answers again. */
const PENDING_FILE = 'identity.pending';
const TIMEOUT_MS = 15_000;
const SECRET_MODE = 0o600;
const FOLDER_MODE = 0o700;
const OTHERS_WRITE = 0o022;

export interface JoinOptions {
  /** The agent's folder; made when missing. */
  readonly dir: string;
  readonly files: Files;
  /** Of the bridge: `https://host:port`. */
  readonly url: string;
  readonly token: string;
  /** Wanted name; not needed with a token that was made for one board. */
  readonly board?: string;
  readonly hostname?: string;
  /** Replace an identity that is there. */
  readonly force?: boolean;
  readonly now: KnownTime;
  /** Default 15,000. */
  readonly timeoutMs?: number;
}
export interface Joined {
  readonly identity: Identity;
  readonly dates: CertificateDates;
  /** What the bridge said the time is; hand it to the clock. */
  readonly unixMs?: number;
}

/** Throws `BL_ENROLL_*`: TOKEN, URL, EXISTS, UNREACHABLE, TIMEOUT, CA, REFUSED (with the bridge's code in `details`), ANSWER,
 * CERTIFICATE, FILE. The token goes only to a bridge whose CA it names, and into no file, message or log. */
export async function joinFleet(options: JoinOptions): Promise<Joined> {
  const { dir, files, now, board } = options;
  const token = parseJoinToken(options.token);
  if (token === undefined) {
    throw new BoardletError(
      'BL_ENROLL_TOKEN',
      'this is no join token: copy it whole, without quotes',
    );
  }
  const url = joinUrl(options.url);
  if (options.force !== true && files.size(identityPath(dir)).ok) {
    throw new BoardletError(
      'BL_ENROLL_EXISTS',
      `this machine is a board already (${identityPath(dir)}); --force makes it another one`,
    );
  }
  must(files.makeFolder(dir, FOLDER_MODE));
  checkFolder(dir);
  const key = pendingKey(files, dir, token);
  const { status, body, ca } = await postPinned({
    url,
    caHash: token.caHash,
    body: JSON.stringify({
      token: token.text,
      csr: requestFor(key, board ?? 'board'),
      ...(board === undefined ? {} : { board }),
      ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    }),
    now,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
  });
  if (status !== 200) throw refused(status, body);
  const answer = readAnswer(body);
  const joined = identityOf(answer, key, ca, now);
  saveIdentity(files, dir, joined.identity);
  // Left behind it would do no harm: the next join makes its own.
  files.remove(join(dir, PENDING_FILE));
  return joined;
}

/** Whoever can write here could place a key or a policy of their own. */
function checkFolder(dir: string): void {
  if (process.platform === 'win32') return;
  const mode = statSync(dir).mode & 0o777;
  if ((mode & OTHERS_WRITE) === 0) return;
  throw new BoardletError(
    'BL_ENROLL_FILE',
    `${dir} has mode ${mode.toString(8)}: others can write to it; set it to 700`,
    { details: { reason: 'mode' } },
  );
}

export function identityPath(dir: string): string {
  return join(dir, IDENTITY_FILE);
}

/** Undefined: this machine has not joined. Throws `BL_ENROLL_IDENTITY` for a file that is damaged. */
export function loadIdentity(files: Files, dir: string): Identity | undefined {
  const read = files.read(identityPath(dir));
  if (!read.ok && read.code === 'BL_HOST_NOT_FOUND') return undefined;
  const parsed = parseIdentity(Buffer.from(must(read)).toString());
  if (parsed.ok) return parsed.value;
  throw new BoardletError(
    'BL_ENROLL_IDENTITY',
    `${identityPath(dir)} is damaged (${parsed.path || 'not JSON'}); join again with --force`,
  );
}

/** For the rotator: checks what the bridge issued, then replaces key and certificate in one rename. */
export function installIdentity(
  files: Files,
  dir: string,
  next: Identity,
  now: KnownTime,
): HostResult<CertificateDates> {
  const checked = checkOwnCertificate(next, now);
  if (!checked.ok) return checked;
  const saved = files.replace(identityPath(dir), Buffer.from(encodeIdentity(next)), SECRET_MODE);
  return saved.ok ? checked : saved;
}

function joinUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') {
    throw new BoardletError(
      'BL_ENROLL_URL',
      `the bridge's address is of the form https://host:port`,
    );
  }
  return new URL('/v1/join', url);
}

/** The key of an earlier attempt with this token, else a new one; on disk before the bridge sees its request. */
function pendingKey(files: Files, dir: string, token: JoinToken): string {
  const path = join(dir, PENDING_FILE);
  const read = files.read(path);
  const text = read.ok ? Buffer.from(read.value).toString() : '';
  const [id, ...lines] = text.split('\n');
  if (id === token.id && lines[0] === '-----BEGIN PRIVATE KEY-----') return lines.join('\n');
  const key = createKey();
  must(files.replace(path, Buffer.from(`${token.id}\n${key}`), SECRET_MODE));
  return key;
}

function refused(status: number, body: string): BoardletError {
  let code = 'unknown';
  let message = `HTTP status ${status}`;
  try {
    const fields: Readonly<Record<string, unknown>> = { ...Object(JSON.parse(body)) };
    if (typeof fields['code'] === 'string') code = fields['code'].slice(0, 64);
    if (typeof fields['message'] === 'string') message = fields['message'].slice(0, 256);
  } catch {
    // A proxy's page, not the bridge's answer: the status says all there is.
    code = 'BL_HTTP';
  }
  return new BoardletError('BL_ENROLL_REFUSED', `the bridge refused: ${message}`, {
    details: { status, code },
  });
}

function readAnswer(body: string): JoinAnswer {
  const parsed = parseJoinAnswer(body);
  if (parsed.ok) return parsed.value;
  throw new BoardletError(
    'BL_ENROLL_ANSWER',
    `the bridge's answer is wrong: ${parsed.path || 'not JSON'}`,
  );
}

/** The CA is the one that the token's hash named, whatever the answer says. */
function identityOf(answer: JoinAnswer, key: string, ca: string, now: KnownTime): Joined {
  const { notAfter: _, unixMs, ...facts } = answer;
  const identity: Identity = { ...facts, ca, key, link: answer.board };
  const known =
    unixMs === undefined ? now : { unixMs: Math.max(unixMs, now.unixMs), trusted: now.trusted };
  const checked = checkOwnCertificate(identity, known);
  if (!checked.ok) throw new BoardletError(checked.code, checked.message);
  return { identity, dates: checked.value, ...(unixMs === undefined ? {} : { unixMs }) };
}

function saveIdentity(files: Files, dir: string, identity: Identity): void {
  must(files.replace(identityPath(dir), Buffer.from(encodeIdentity(identity)), SECRET_MODE));
}

function must<T>(result: HostResult<T>): T {
  if (result.ok) return result.value;
  throw new BoardletError('BL_ENROLL_FILE', result.message, { details: { reason: result.code } });
}
