import type { IncomingMessage } from 'node:http';
import { badRequest, tooLarge, unsupportedMedia } from '../fault.ts';
import { type Json, nesting } from '../json.ts';
import { decodeEnvelope } from './protobuf.ts';

export interface BodyLimits {
  readonly bodyBytes: number;
  readonly jsonDepth: number;
}

/** So much of a body over the limit is read and thrown away before the answer: Go's client does not read an answer that
 * comes while it writes when the connection then breaks. */
const DRAIN_BYTES = 64 << 20;

/** Reads a whole body. Throws 413 above the limit, 400 when the sender breaks off. */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const refuse = (): Error =>
    tooLarge(`Request entity too large: limit is ${limits.bodyBytes} bytes`);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limits.bodyBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (size > DRAIN_BYTES) reject(refuse());
    });
    request.on('end', () => {
      if (size > limits.bodyBytes) reject(refuse());
    });
    request.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
    );
    request.on('error', () => reject(badRequest('the request broke off')));
    request.on('close', () => {
      if (!request.complete) reject(badRequest('the request broke off'));
    });
  });
}

/** JSON from outside: bounded in depth, free of `__proto__`. Throws 400. */
export function parseJson(bytes: Buffer, limits: BodyLimits): Json {
  const text = bytes.toString('utf8');
  if (nesting(text) > limits.jsonDepth) {
    throw badRequest(`the object is nested deeper than ${limits.jsonDepth} levels`);
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(
      `the body is not valid JSON: ${String(error instanceof Error ? error.message : error).slice(0, 200)}`,
    );
  }
  // Assigning this key somewhere would change an object's prototype.
  if (/"(?:__proto__|\\u005f)/i.test(text)) throw badRequest('the key "__proto__" is not allowed');
  return value;
}

export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The object in a POST or PUT. JSON, or the protobuf that `kubectl create` and client-go send. Throws 400, 413, 415. */
export async function readObject(request: IncomingMessage, limits: BodyLimits): Promise<Json> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    request.resume();
    throw unsupportedMedia(`content-encoding ${encoding.slice(0, 40)} is not supported`);
  }
  return parseObject(request, await readBody(request, limits), limits);
}

/** An object from its bytes, as the Content-Type says. Throws 400, 415. */
export function parseObject(request: IncomingMessage, bytes: Buffer, limits: BodyLimits): Json {
  const media = mediaType(request);
  if (media === '' || media === 'application/json') return parseJson(bytes, limits);
  if (media === 'application/vnd.kubernetes.protobuf') return decodeEnvelope(bytes);
  throw unsupportedMedia(
    'the body of the request was in an unknown format - accepted media types include: application/json, application/vnd.kubernetes.protobuf (of built-in kinds)',
  );
}
