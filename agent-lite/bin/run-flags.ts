/** Flags of `boardlet-agent run`: a few of its own, and one for each setting. */
import { parseArgs } from 'node:util';
import { BoardletError } from '@boardlet/adapters/wire';
import { configFlags } from '../core/config/index.ts';
import { DEFAULT_DIR } from './join.ts';

export interface RunFlags {
  readonly dir: string;
  readonly config?: string;
  readonly stopPods: boolean;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

export function readRunFlags(args: readonly string[]): RunFlags {
  const setting = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(configFlags.map((name) => [name, setting])),
      dir: { type: 'string', default: DEFAULT_DIR },
      config: { type: 'string' },
      'stop-pods': { type: 'boolean', default: false },
    },
  });
  const {
    dir,
    config,
    'stop-pods': stopPods,
    ...settings
  } = values as Record<string, string | boolean | undefined>;
  if (typeof dir !== 'string' || dir === '')
    throw new BoardletError('BL_AGENT_USAGE', '--dir is empty');
  return {
    dir,
    ...(typeof config === 'string' ? { config } : {}),
    stopPods: stopPods === true,
    settings: settings as Record<string, string | undefined>,
  };
}
