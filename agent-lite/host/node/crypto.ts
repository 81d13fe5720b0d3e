import { createHash, randomFillSync } from 'node:crypto';
import type { Crypto } from '../../core/host.ts';

export const nodeCrypto: Crypto = {
  random: (length: number): Uint8Array => randomFillSync(new Uint8Array(length)),
  sha256: (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest(),
};
