import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { ApiFault, badRequest, tooLarge } from '../fault.ts';
import { clone, isObject, type Json, type JsonObject } from '../json.ts';

/** Operations of one patch; the real server's bound (apiserver maxJSONPatchOperations). */
const MAX_OPERATIONS = 10_000;
/** JSON text that all copies of one patch may add; the real server's bound (evanphx/json-patch AccumulatedCopySizeLimit). */
const MAX_COPIED = 3 * 1024 * 1024;
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
  let copied = 0;
  for (const operation of prefixed(patch)) {
    // A copy of a part into itself doubles it: thirty of them would fill the memory.
    if (operation.op === 'copy') copied += sizeAt(holder, operation.from);
    if (copied > MAX_COPIED) {
      throw tooLarge(`the copies of a JSON patch may add ${MAX_COPIED} bytes in all`);
    }
    apply(holder, operation);
  }
  return holder.document;
}

function sizeAt(holder: JsonObject, pointer: string): number {
  const { value } = Pointer.fromJSON(pointer).evaluate(holder);
  return JSON.stringify(value)?.length ?? 0;
}

function apply(holder: JsonObject, operation: Operation): void {
  let failure: string | undefined;
  try {
    failure = applyPatch(holder, [operation])[0]?.name;
  } catch {
    // A path through what is no object: the library writes there without looking.
    failure = 'MissingError';
  }
  if (failure === undefined) return;
  const shown = JSON.stringify(operation).replaceAll('"/document', '"').slice(0, 200);
  throw new ApiFault(
    422,
    'Invalid',
    `the server rejected our request: ${failure} at operation ${shown}`,
  );
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
