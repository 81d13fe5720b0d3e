/** One HTTPS request to a server known only by the hash of its CA's key. Nothing is sent before the peer has proved itself,
 * and the system's clock is not asked: a new board may not have one. */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { BoardletError } from '@boardlet/adapters/wire';
import type { KnownTime } from '../../core/enroll/index.ts';
import { keyHash, serverFault } from './certificates.ts';
import { socketFailure } from './socket-failure.ts';

/** A join answer is about 3 KiB. */
const ANSWER_MAX_BYTES = 65_536;
/** Leaf, CA, and whatever a proxy adds. */
const CHAIN_MAX = 5;

export interface PinnedRequest {
  readonly url: URL;
  /** Lower-case hex of SHA-256 over the CA's SubjectPublicKeyInfo. */
  readonly caHash: string;
  readonly body: string;
  readonly now: KnownTime;
  readonly timeoutMs: number;
}
export interface PinnedAnswer {
  readonly status: number;
  readonly body: string;
  /** PEM of the CA that the hash named. */
  readonly ca: string;
}

/** POSTs JSON. Rejects with `BL_ENROLL_UNREACHABLE`, `BL_ENROLL_TIMEOUT`, `BL_ENROLL_CA` (it is not the bridge that the token
 * names), `BL_ENROLL_ANSWER` (too long). */
export async function postPinned(options: PinnedRequest): Promise<PinnedAnswer> {
  const socket = await openTls(options);
  try {
    const ca = checkPeer(socket, options);
    const { status, body } = await post(socket, options);
    return { status, body, ca: ca.toString() };
  } finally {
    socket.destroy();
  }
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function openTls({ url, timeoutMs }: PinnedRequest): Promise<TLSSocket> {
  const host = hostOf(url);
  // Loaded here: an agent that runs needs neither this nor HTTP, which cost some 5 MiB.
  const { connect } = process.getBuiltinModule('node:tls');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      // RFC 6066 §3: no literal addresses in the server name extension.
      servername: isIP(host) === 0 ? host : '',
      minVersion: 'TLSv1.2',
      // `checkPeer` decides, against the pinned key and without the system's clock.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(timeout(host, timeoutMs));
    }, timeoutMs);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(unreachable(host, error));
    });
  });
}

function timeout(host: string, timeoutMs: number): BoardletError {
  return new BoardletError('BL_ENROLL_TIMEOUT', `${host} did not answer within ${timeoutMs} ms`);
}

function unreachable(host: string, error: Error): BoardletError {
  const { code, detail } = socketFailure(error);
  return new BoardletError('BL_ENROLL_UNREACHABLE', `${host} cannot be reached: ${detail}`, {
    details: { host, reason: code },
    cause: error,
  });
}

function checkPeer(socket: TLSSocket, { url, caHash, now }: PinnedRequest): X509Certificate {
  const [leaf, ...issuers] = chainOf(socket.getPeerCertificate(true));
  const ca = issuers.find((certificate) => keyHash(certificate) === caHash);
  const fault =
    leaf === undefined || ca === undefined
      ? 'its certificate authority is another'
      : serverFault(leaf, ca, hostOf(url), now);
  if (ca !== undefined && fault === undefined) return ca;
  throw new BoardletError(
    'BL_ENROLL_CA',
    `${hostOf(url)} is not the bridge that the token is for: ${fault}; nothing was sent to it`,
  );
}

function chainOf(peer: DetailedPeerCertificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at = peer;
  while (at?.raw !== undefined && chain.length < CHAIN_MAX) {
    chain.push(new X509Certificate(at.raw));
    // A root is its own issuer.
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return chain;
}

function post(
  socket: TLSSocket,
  { url, body, timeoutMs }: PinnedRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  const { request } = process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      protocol: 'http:',
      method: 'POST',
      createConnection: () => socket,
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      },
    });
    const timer = setTimeout(() => {
      sent.destroy();
      reject(timeout(hostOf(url), timeoutMs));
    }, timeoutMs);
    sent.on('error', (error) => reject(unreachable(hostOf(url), error)));
    sent.on('close', () => clearTimeout(timer));
    sent.on('response', (response) => {
      readText(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, body: text }),
        reject,
      );
    });
    sent.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > ANSWER_MAX_BYTES) {
      throw new BoardletError('BL_ENROLL_ANSWER', `the answer is over ${ANSWER_MAX_BYTES} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}
