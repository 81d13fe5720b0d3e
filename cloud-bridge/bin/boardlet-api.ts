/** The embedded Kubernetes API as a process of its own. Prints one JSON line when it listens; SIGTERM and SIGINT end it. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { VERSION } from '../boardctl/version.ts';
import {
  backupStore,
  createEmbeddedApi,
  type Logger,
  restoreStore,
  writeKubeconfig,
} from '../embedded-api/index.ts';
import { loadOrCreateAuthority } from '../trust/index.ts';

const DAY_S = 86_400;
/** The process makes itself new certificates at each start. */
const LIFETIME_S = 365 * DAY_S;

interface Settings {
  readonly data: string;
  readonly pki: string;
  readonly host: string;
  readonly port: number;
  readonly kubeconfigOut: string;
  readonly tokenFile: string;
  readonly names: readonly string[];
  readonly backup: string;
  readonly restore: string;
}

const HELP = `boardlet-api serves a small Kubernetes API for one machine, kept on disk.

Usage:
  boardlet-api --data DIR --pki DIR [--listen HOST:PORT] [--kubeconfig-out FILE] [--token-file FILE] [--tls-name NAME]...
  boardlet-api --data DIR --backup FILE | --restore FILE

  --data DIR             the store
  --pki DIR              the bridge's CA; made when missing
  --listen HOST:PORT     default 127.0.0.1:0, any free port
  --kubeconfig-out FILE  an administrator's kubeconfig, mode 0600
  --token-file FILE      bearer tokens, one a line, each an administrator's
  --tls-name NAME        further name in the server's certificate; may be repeated
  --backup FILE          writes the store, as it is, into one file; also while it is served
  --restore FILE         makes the store from such a file; not while it is served

Example:
  boardlet-api --data /var/lib/boardlet/api --pki /var/lib/boardlet/pki --kubeconfig-out ~/.kube/boardlet

Exit codes: 0 done, 1 failed, 2 usage
`;
const EXIT_USAGE = 2;

class UsageError extends Error {}

function readSettings(args: readonly string[]): Settings {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: text,
      pki: text,
      listen: { type: 'string', default: '127.0.0.1:0' },
      'kubeconfig-out': text,
      'token-file': text,
      'tls-name': { type: 'string', multiple: true, default: [] },
      backup: text,
      restore: text,
    },
  });
  const match = /^(.*):(\d{1,5})$/.exec(values.listen);
  const port = Number(match?.[2] ?? Number.NaN);
  if (match === null || port > 65_535) {
    throw new UsageError('--listen must be HOST:PORT, PORT 0 for any free one');
  }
  if (values.data === '') throw new UsageError('--data DIR is needed');
  const once = values.backup !== '' || values.restore !== '';
  if (values.pki === '' && !once) throw new UsageError('--pki DIR is needed');
  return {
    data: values.data,
    pki: values.pki,
    host: (match[1] ?? '').replace(/^\[|\]$/g, ''),
    port,
    kubeconfigOut: values['kubeconfig-out'],
    tokenFile: values['token-file'],
    names: values['tls-name'],
    backup: values.backup,
    restore: values.restore,
  };
}

/** JSON lines on stderr: stdout carries the ready line alone. */
function stderrLogger(): Logger {
  const write =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const line = { time: new Date().toISOString(), level, event, ...fields };
      process.stderr.write(`${JSON.stringify(line)}\n`);
    };
  return {
    debug: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

/** One token a line, as an administrator's. */
function readTokens(file: string): Map<string, { name: string; groups: string[] }> {
  const admin = { name: 'admin', groups: ['system:masters'] };
  const lines = file === '' ? [] : readFileSync(file, 'utf8').split('\n');
  const tokens = lines.map((line) => line.trim()).filter((line) => line !== '');
  return new Map(tokens.map((token) => [token, admin]));
}

async function serve(settings: Settings): Promise<void> {
  const authority = await loadOrCreateAuthority(settings.pki);
  const names = [...new Set(['localhost', '127.0.0.1', settings.host, ...settings.names])];
  const server = await authority.issueServer({ names, lifetimeS: LIFETIME_S });
  const admin = await authority.issueOwn('api.admin', LIFETIME_S, ['system:masters']);
  const kubelet = await authority.issueOwn('api.kubelet-client', LIFETIME_S, ['system:masters']);
  const ca = authority.caPem();
  const api = createEmbeddedApi({
    dataDir: settings.data,
    host: settings.host,
    port: settings.port,
    tls: { cert: server.chain, key: server.key, clientCa: ca },
    tokens: readTokens(settings.tokenFile),
    kubeletClient: { cert: kubelet.chain, key: kubelet.key, ca },
    logger: stderrLogger(),
  });
  const address = await api.start();
  if (settings.kubeconfigOut !== '') {
    writeKubeconfig(settings.kubeconfigOut, {
      server: address.url,
      caPem: ca,
      certPem: admin.chain,
      keyPem: admin.key,
    });
  }
  const ready = { ready: true, url: address.url, kubeconfig: settings.kubeconfigOut };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const stop = (): void => {
    void api.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function main(): Promise<void> {
  const [first] = process.argv.slice(2);
  if (first === '--help' || first === '--version') {
    process.stdout.write(first === '--help' ? HELP : `${VERSION}\n`);
    return;
  }
  const settings = readSettings(process.argv.slice(2));
  if (settings.backup !== '') {
    const done = await backupStore(settings.data, settings.backup);
    process.stdout.write(`${JSON.stringify({ backup: settings.backup, ...done })}\n`);
  } else if (settings.restore !== '') {
    const done = await restoreStore(settings.data, settings.restore);
    process.stdout.write(`${JSON.stringify({ restore: settings.restore, ...done })}\n`);
  } else await serve(settings);
}

try {
  await main();
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const usage = error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS');
  const message = error instanceof Error ? error.message : String(error);
  // Node's own errors begin with their code.
  const prefix = code === '' || message.startsWith(code) ? '' : `${code}: `;
  process.stderr.write(`boardlet-api: ${prefix}${message}\n`);
  process.exit(usage ? EXIT_USAGE : 1);
}
