import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { JsonObject } from '../json.ts';

export interface WatchEvent {
  readonly type: string;
  readonly object: JsonObject;
}
export interface WatchReader {
  readonly status: number;
  /** The next event; undefined when the stream has ended. */
  readonly next: () => Promise<WatchEvent | undefined>;
  readonly response: IncomingMessage;
  readonly close: () => void;
}

interface Target {
  readonly url: string;
  readonly caPem: string;
  readonly admin: { readonly chain: string; readonly key: string };
  readonly accept: string | undefined;
}

/** Opens a watch and reads it line by line. */
export function readWatch({ url, caPem, admin, accept }: Target): Promise<WatchReader> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      url,
      {
        agent: false,
        ca: caPem,
        cert: admin.chain,
        key: admin.key,
        headers: accept === undefined ? {} : { accept },
      },
      (response) => {
        const lines = readLines(response)[Symbol.asyncIterator]();
        resolve({
          status: response.statusCode ?? 0,
          response,
          next: async () => {
            const line = await lines.next();
            return line.done === true ? undefined : (JSON.parse(line.value) as WatchEvent);
          },
          close: () => outgoing.destroy(),
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function* readLines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    // A stream that the server cut ends like one that it ended: what was read before is what counts.
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error;
  }
  if (rest !== '') yield rest;
}
