/** `boardlet-agent join <url> <token>`; the token `-` is read from standard input. */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { BoardletError } from '@boardlet/adapters/wire';
import { joinFleet } from '../host/node/enroll.ts';
import { createNodeHost } from '../host/node/index.ts';
import { BUILD_UNIX_MS, VERSION } from './version.ts';

export const DEFAULT_DIR = '/var/lib/boardlet';

/** A token has 88 characters. */
const MOST_INPUT_BYTES = 4096;

/** What stands on a command line is seen by every user of the machine (proc(5), cmdline); standard input is not. */
async function readToken(given: string): Promise<string> {
  if (given !== '-') return given;
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > MOST_INPUT_BYTES)
      throw new BoardletError('BL_AGENT_USAGE', 'standard input holds more than a token');
  }
  return text;
}

export async function join(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: 'string', default: DEFAULT_DIR },
      board: { type: 'string' },
      force: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [url, token, ...more] = positionals;
  if (url === undefined || token === undefined || more.length > 0) {
    throw new BoardletError('BL_AGENT_USAGE', 'join takes a URL and a token');
  }
  const host = createNodeHost({
    dataDir: values.dir,
    version: VERSION,
    buildUnixMs: BUILD_UNIX_MS,
    logLevel: 'warn',
  });
  try {
    const joined = await joinFleet({
      dir: values.dir,
      files: host.files,
      url,
      token: await readToken(token),
      ...(values.board === undefined ? {} : { board: values.board }),
      hostname: hostname(),
      force: values.force,
      now: { unixMs: host.clock.unixMs(), trusted: host.facts.read().clockTrusted },
    });
    if (joined.unixMs !== undefined) host.adjustClock(joined.unixMs);
    const { board, fleet, node } = joined.identity;
    const until = new Date(joined.dates.notAfterMs).toISOString();
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ board, fleet, node, notAfter: until })}\n`
        : `This machine is board ${board} of fleet ${fleet}: node ${node}. Certificate until ${until}.\nNow: boardlet-agent run --dir ${values.dir}\n`,
    );
  } finally {
    host.close();
  }
}
