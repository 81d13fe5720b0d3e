import type { JsonObject } from '../json.ts';

/**
 * The OpenAPI v2 document names no kinds: all are in v3. It is there because kubectl asks it about kinds that v3 has not,
 * `List` and those that are not served, and takes an answer of 404 for a failed validation of the whole file.
 */
export const OPENAPI_V2: JsonObject = {
  swagger: '2.0',
  info: { title: 'boardlet', version: 'v1.35.4+boardlet' },
  paths: {},
};

export const OPENAPI_V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** A length-delimited field; all texts here are ASCII and shorter than 128. */
const field = (number: number, text: string): string =>
  `${String.fromCharCode((number << 3) | 2, text.length)}${text}`;

/** The same as openapi.v2.Document of gnostic: swagger (1), info (2) with title (1) and version (2), paths (8). */
export const OPENAPI_V2_PROTOBUF: string = [
  field(1, '2.0'),
  field(2, field(1, 'boardlet') + field(2, 'v1.35.4+boardlet')),
  field(8, ''),
].join('');
