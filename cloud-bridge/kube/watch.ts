/** Reads a watch: JSON objects, one a line, cut anywhere by the network. */
import type { KubeObject, WatchHandlers } from './contract.ts';
import { errorOfAnswer, KubeError } from './errors.ts';

/** etcd refuses requests over 1.5 MB by default and the API server bodies over 3 MB; JSON escapes may double that. */
export const MAX_WATCH_LINE_BYTES: number = 8 * 1024 * 1024;

export interface LineReader {
  /** Throws `BL_KUBE_TOO_LARGE` for a line over the limit. */
  readonly push: (bytes: Uint8Array) => void;
  /** The bytes after the last line end: not empty when the stream was cut within a line. */
  readonly rest: () => number;
}

/** Cuts bytes into lines; a line that spans chunks is joined once, when it ends. */
export function createLineReader(
  onLine: (line: string) => void,
  maxBytes: number = MAX_WATCH_LINE_BYTES,
): LineReader {
  let parts: Uint8Array[] = [];
  let held = 0;
  const hold = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    held += bytes.length;
    if (held > maxBytes)
      throw new KubeError('BL_KUBE_TOO_LARGE', `a watch line is longer than ${maxBytes} bytes`);
    parts.push(bytes);
  };
  const take = (bytes: Uint8Array): string => {
    hold(bytes);
    const line = Buffer.concat(parts, held).toString('utf8');
    parts = [];
    held = 0;
    return line;
  };
  return {
    push: (bytes) => {
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        const line = take(bytes.subarray(start, end));
        start = end + 1;
        if (line !== '') onLine(line);
      }
      hold(bytes.slice(start));
    },
    rest: () => held,
  };
}

function isObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  return typeof value.metadata === 'object' && value.metadata !== null;
}

/** Hands one line's event on. Throws the API's error for an ERROR event, `BL_KUBE_BAD_ANSWER` for what is no event. */
export function readWatchLine(line: string, handlers: WatchHandlers): void {
  let event: { readonly type?: unknown; readonly object?: unknown };
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new KubeError('BL_KUBE_BAD_ANSWER', 'a watch line is not JSON', { cause: error });
  }
  const { type, object } = event ?? {};
  if (type === 'ERROR') {
    const status = (object as { readonly code?: unknown } | undefined)?.code;
    const code = typeof status === 'number' ? status : 500;
    throw errorOfAnswer(code, JSON.stringify(object ?? null), undefined, 'watch');
  }
  if (!isObject(object))
    throw new KubeError('BL_KUBE_BAD_ANSWER', 'a watch event carries no object');
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK')
    handlers.onEvent(type, object);
}
