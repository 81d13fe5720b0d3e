/** A PKCS#10 certificate request (RFC 2986): the name is a wish, the signature proves that we hold the key. */
import { encodePem } from './base64.ts';
import {
  asciiString,
  bitString,
  context0,
  objectIdentifier,
  sequence,
  setOf,
  smallInteger,
} from './der.ts';

const COMMON_NAME = '2.5.4.3';
/** RFC 5758 §3.2, RFC 8410 §3. */
const SIGNATURES = { 'ecdsa-sha256': '1.2.840.10045.4.3.2', ed25519: '1.3.101.112' } as const;

export interface RequestKey {
  readonly algorithm: keyof typeof SIGNATURES;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Signature over the bytes in the algorithm's usual encoding: DER for ECDSA, raw for Ed25519. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** PEM. `commonName` is ASCII. */
export function createCertificateRequest(commonName: string, key: RequestKey): string {
  const name = sequence(setOf(sequence(objectIdentifier(COMMON_NAME), asciiString(commonName))));
  const info = sequence(smallInteger(0), name, key.spki, context0());
  const algorithm = sequence(objectIdentifier(SIGNATURES[key.algorithm]));
  const request = sequence(info, algorithm, bitString(key.sign(info)));
  return encodePem('CERTIFICATE REQUEST', request);
}
