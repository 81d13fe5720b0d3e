import { applyPatch, type Operation } from 'rfc6902';
import { ApiFault, badRequest } from '../fault.ts';
import { clone, isObject, type Json, type JsonObject } from '../json.ts';

/** Operations of one patch; the real server's bound (apiserver maxJSONPatchOperations). */
const MAX_OPERATIONS = 10_000;
const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function isOperation(value: Json): boolean {
  if (!isObject(value) || typeof value['op'] !== 'string' || !OPERATIONS.has(value['op']))
    return false;
  if (
    typeof value['path'] !== 'string' ||
    /(^|\/)(__proto__|constructor|prototype)(\/|$)/.test(value['path'])
  ) {
    return false;
  }
  const from = value['from'];
  return value['op'] !== 'move' && value['op'] !== 'copy' ? true : typeof from === 'string';
}

/** JSON patch (RFC 6902); `target` is left alone. A failed `test` is 422 as on a real server. */
export function jsonPatch(target: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is an array');
  if (patch.length > MAX_OPERATIONS) {
    throw new ApiFault(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  }
  const bad = patch.find((operation) => !isOperation(operation));
  if (bad !== undefined)
    throw badRequest(
      `error decoding patch: not an operation: ${JSON.stringify(bad).slice(0, 200)}`,
    );
  const holder = { document: clone(target) };
  const outcomes = applyPatch(holder, prefixed(patch));
  outcomes.forEach((outcome, index) => {
    if (outcome === null) return;
    const operation = JSON.stringify(patch[index]).slice(0, 200);
    throw new ApiFault(
      422,
      'Invalid',
      `the server rejected our request: ${outcome.name} at operation ${operation}`,
    );
  });
  return holder.document;
}

/** Moves every pointer one level down: rfc6902 edits in place and so cannot replace the root itself. */
function prefixed(patch: readonly Json[]): Operation[] {
  return patch.map((item) => {
    const operation = { ...(item as JsonObject) };
    operation['path'] = `/document${String(operation['path'])}`;
    if (typeof operation['from'] === 'string') operation['from'] = `/document${operation['from']}`;
    return operation as unknown as Operation;
  });
}
