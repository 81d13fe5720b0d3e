import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../contract.ts';
import { forbidden, unauthorized } from '../fault.ts';

export const ADMIN_GROUP = 'system:masters';
const ANONYMOUS_PATHS = /^\/(?:healthz|livez|readyz)(?:\/|$)|^\/version\/?$/;
export const ANONYMOUS: Identity = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Tells who is calling, by client certificate or bearer token, and whether they may. */
export class Authenticator {
  /** By digest, so that the time of a look-up says nothing about a token. */
  readonly #tokens = new Map<string, Identity>();
  readonly #certificates = new WeakMap<TLSSocket, { readonly identity: Identity | undefined }>();

  constructor(tokens: ReadonlyMap<string, Identity>) {
    for (const [token, identity] of tokens) this.#tokens.set(digest(token), identity);
  }

  /** Throws 401 without a valid credential, 403 for who may not; a few paths are open to all. */
  identify(request: IncomingMessage, path: string): Identity {
    const identity = this.#bearer(request) ?? this.#certificate(request.socket as TLSSocket);
    if (identity === undefined) {
      if (ANONYMOUS_PATHS.test(path)) return ANONYMOUS;
      throw unauthorized();
    }
    if (request.headers['impersonate-user'] !== undefined) {
      throw forbidden('impersonation is not supported by the embedded API');
    }
    if (!ANONYMOUS_PATHS.test(path) && !identity.groups.includes(ADMIN_GROUP)) {
      throw forbidden(
        `User "${identity.name}" cannot use this API: only members of ${ADMIN_GROUP} may`,
      );
    }
    return identity;
  }

  /** Who a bearer token stands for. */
  identityOf(token: string): Identity | undefined {
    return this.#tokens.get(digest(token));
  }

  #bearer(request: IncomingMessage): Identity | undefined {
    const header = request.headers.authorization;
    if (header === undefined) return undefined;
    const match = /^Bearer (\S+)$/i.exec(header);
    const found = match?.[1] === undefined ? undefined : this.identityOf(match[1]);
    if (found === undefined) throw unauthorized();
    return found;
  }

  #certificate(socket: TLSSocket): Identity | undefined {
    const known = this.#certificates.get(socket);
    if (known !== undefined) return known.identity;
    const identity = readCertificate(socket);
    this.#certificates.set(socket, { identity });
    return identity;
  }
}

/** CN is the user and O the groups, as in every Kubernetes. */
function readCertificate(socket: TLSSocket): Identity | undefined {
  if (!socket.authorized) return undefined;
  const subject: unknown = socket.getPeerCertificate()?.subject;
  if (typeof subject !== 'object' || subject === null || !('CN' in subject)) return undefined;
  const { CN: name } = subject;
  const organizations = 'O' in subject ? subject.O : [];
  if (typeof name !== 'string') return undefined;
  const groups = (Array.isArray(organizations) ? organizations : [organizations]).map(String);
  return { name, groups: [...groups, 'system:authenticated'] };
}
