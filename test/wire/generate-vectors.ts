/** Writes test/vectors/*.json from the cases beside it.
 *
 *   node --import tsx --conditions=@boardlet/source test/wire/generate-vectors.ts [--check]
 *
 * The bytes of values are written by hand (RFC 8949 appendix A and edges); those of messages and documents come from
 * the encoder, and are judged by boardlet.cddl (validate-cddl.sh), by docs/wire.md and by cbor-x. */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  type CborValue,
  decode,
  encodeDocument,
  encodeEvent,
  encodeLogArgs,
  encodeMessage,
  encodeRenewArgs,
} from '@boardlet/adapters/wire';
import {
  DOCUMENT_CASES,
  type DocumentCase,
  EVENT_CASES,
  LOG_ARGS_CASES,
} from './document-cases.ts';
import { cddlRule, DOCUMENT_ERRORS, LENIENT_DOCUMENTS } from './document-errors.ts';
import { MESSAGE_CASES } from './message-cases.ts';
import { MESSAGE_ERRORS } from './message-errors.ts';
import { LENIENT_MESSAGES, MALFORMED_MESSAGES } from './message-malformed.ts';
import { VALUE_CASES, VALUE_ERRORS } from './value-vectors.ts';
import {
  toDiag,
  toHex,
  toJson,
  type Vector,
  type VectorFile,
  vectorBytes,
} from './vector-format.ts';

function diagOf(bytes: Uint8Array): string {
  const result = decode(bytes);
  if (!result.ok) throw new Error(`${toHex(bytes)}: ${result.code}`);
  return toDiag(result.value);
}

function values(): readonly Vector[] {
  const positive = VALUE_CASES.map(({ name, hex, value }) => ({
    name,
    hex,
    diag: toDiag(value as CborValue),
    expect: toJson(value),
  }));
  return [...positive, ...VALUE_ERRORS];
}

function messages(): readonly Vector[] {
  const positive = MESSAGE_CASES.map(([name, direction, message]) => {
    const bytes = encodeMessage(message);
    const diag = diagOf(bytes);
    return {
      name,
      direction,
      cddl: message.type,
      hex: toHex(bytes),
      diag,
      expect: toJson(message),
    };
  });
  return [...positive, ...LENIENT_MESSAGES, ...MESSAGE_ERRORS, ...MALFORMED_MESSAGES];
}

const encodeCase = <C extends DocumentCase>([, kind, body]: C): Uint8Array =>
  encodeDocument(kind, body);

function documentVector(name: string, kind: string, bytes: Uint8Array, body: unknown): Vector {
  const diag = diagOf(bytes);
  return { name, kind, cddl: cddlRule(kind), hex: toHex(bytes), diag, expect: toJson(body) };
}

const RENEWAL = {
  csr: '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n',
};

function documents(): readonly Vector[] {
  return [
    ...DOCUMENT_CASES.map((item) => documentVector(item[0], item[1], encodeCase(item), item[2])),
    ...EVENT_CASES.map(([name, entry]) => documentVector(name, 'event', encodeEvent(entry), entry)),
    ...LOG_ARGS_CASES.map(([name, args]) =>
      documentVector(name, 'logArgs', encodeLogArgs(args), args),
    ),
    documentVector('renewal', 'renewArgs', encodeRenewArgs(RENEWAL), RENEWAL),
    ...LENIENT_DOCUMENTS,
    ...DOCUMENT_ERRORS,
  ];
}

function render(about: string, vectors: readonly Vector[]): string {
  for (const vector of vectors) vectorBytes(vector);
  const file: VectorFile = { about, vectors };
  return `${JSON.stringify(file, undefined, 1)}\n`;
}

/** File name and text of every vector file. */
export function renderVectors(): readonly (readonly [string, string])[] {
  return [
    ['values.json', render('CBOR values of the profile (docs/wire.md)', values())],
    ['messages.json', render('Messages (boardlet.cddl)', messages())],
    ['documents.json', render('Document bodies, events and stream arguments', documents())],
  ];
}

export const vectorUrl = (name: string): URL => new URL(`../vectors/${name}`, import.meta.url);

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const check = process.argv.includes('--check');
  for (const [name, text] of renderVectors()) {
    if (!check) writeFileSync(vectorUrl(name), text);
    else if (readFileSync(vectorUrl(name), 'utf8') !== text) {
      console.error(`test/vectors/${name} is out of date: run test/wire/generate-vectors.ts`);
      process.exitCode = 1;
    }
  }
}
