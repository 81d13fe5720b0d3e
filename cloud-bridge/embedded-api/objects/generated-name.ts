import { randomInt } from 'node:crypto';

/** Letters of k8s.io/apimachinery/pkg/util/rand: no vowels, so no words. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX = 5;
const MAX_NAME = 63;

export function generatedName(prefix: string): string {
  let suffix = '';
  for (let index = 0; index < SUFFIX; index++) suffix += LETTERS[randomInt(LETTERS.length)];
  return prefix.slice(0, MAX_NAME - SUFFIX) + suffix;
}
