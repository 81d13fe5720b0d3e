/** Flags of `boardlet-agent run`: a few of its own, and one for each setting. */
import { parseArgs } from 'node:util';
import { BoardletError } from '@boardlet/adapters/wire';
import { nearest } from '../core/config/fields.ts';
import { configFlags } from '../core/config/index.ts';
import { DEFAULT_DIR } from './join.ts';

export interface RunFlags {
  readonly dir: string;
  readonly config?: string;
  readonly stopPods: boolean;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

const SETTING = { type: 'string' } as const;
const OPTIONS = {
  ...Object.fromEntries(configFlags.map((name) => [name, SETTING])),
  dir: { type: 'string', default: DEFAULT_DIR },
  config: { type: 'string' },
  'stop-pods': { type: 'boolean', default: false },
} as const;

function parse(args: readonly string[]): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    const unknown = /^Unknown option '--([^'=]*)/.exec(String((error as Error).message))?.[1];
    if (unknown === undefined) throw error;
    const near = nearest(unknown, Object.keys(OPTIONS));
    const hint = near === undefined ? 'see --help' : `did you mean --${near}?`;
    throw new BoardletError('BL_AGENT_USAGE', `--${unknown}: unknown flag; ${hint}`);
  }
}

export function readRunFlags(args: readonly string[]): RunFlags {
  const values = parse(args);
  const { dir, config, 'stop-pods': stopPods, ...settings } = values;
  if (typeof dir !== 'string' || dir === '')
    throw new BoardletError('BL_AGENT_USAGE', '--dir is empty');
  return {
    dir,
    ...(typeof config === 'string' ? { config } : {}),
    stopPods: stopPods === true,
    settings: settings as Record<string, string | undefined>,
  };
}
