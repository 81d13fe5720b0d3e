import { badRequest, invalid } from '../fault.ts';
import { child, isObject, type Json, type JsonObject, str } from '../json.ts';
import { apiVersionOf } from '../kinds.ts';
import { prune, type TypeProblem } from '../schema/check.ts';
import type { ObjectRequest } from './request.ts';

/** Warnings of one answer; the rest are counted. */
const MAX_WARNINGS = 20;

/**
 * Turns a body into a stored object: apiVersion and kind must fit the URL, values their types, and fields that
 * the schema does not know are refused, warned of or dropped as `fieldValidation` says.
 */
export function decodeObject(request: ObjectRequest, body: Json): JsonObject {
  const { type } = request;
  if (!isObject(body)) throw badRequest('the body must be a JSON object');
  const apiVersion = apiVersionOf(type);
  const given = { apiVersion: str(body, 'apiVersion'), kind: str(body, 'kind') };
  if (given.apiVersion !== '' && given.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (given.kind !== '' && given.kind !== type.kind) {
    throw badRequest(
      `the kind in the data (${given.kind}) does not match the expected kind (${type.kind})`,
    );
  }
  body['apiVersion'] = apiVersion;
  body['kind'] = type.kind;
  report(request, body, prune(body, type.schema));
  delete child(body, 'metadata')['managedFields'];
  delete child(body, 'metadata')['selfLink'];
  return type.write === undefined ? body : type.write(body);
}

function report(request: ObjectRequest, body: JsonObject, problems: readonly TypeProblem[]): void {
  const { type } = request;
  const wrong = problems.filter((problem) => problem.kind === 'type');
  if (wrong.length > 0) {
    const causes = wrong.map((problem) => ({
      reason: 'FieldValueTypeInvalid' as const,
      field: problem.path,
      message: `Invalid value: ${problem.message}`,
    }));
    if (type.custom) throw invalid(type, str(body, 'metadata', 'name'), causes);
    const text = wrong.map((problem) => `${problem.path} ${problem.message}`).join(', ');
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${text}`,
    );
  }
  const unknown = problems.filter((problem) => problem.kind === 'unknown');
  if (unknown.length === 0 || request.fieldValidation === 'Ignore') return;
  const texts = unknown.slice(0, MAX_WARNINGS).map((problem) => `unknown field "${problem.path}"`);
  if (request.fieldValidation === 'Warn') request.warnings.push(...texts);
  else {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${texts.join(', ')}`,
    );
  }
}

/** The view of a stored object that this kind and version serves. */
export function viewOf(type: ObjectRequest['type'], stored: JsonObject): JsonObject {
  if (type.read !== undefined) return type.read(stored);
  const apiVersion = apiVersionOf(type);
  return stored['apiVersion'] === apiVersion ? stored : { ...stored, apiVersion };
}
