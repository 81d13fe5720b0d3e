import { join } from 'node:path';
import { BoardletError } from '@boardlet/adapters/wire';
import type { Host, Logger } from '../../core/host.ts';
import { createNodeClock } from './clock.ts';
import { nodeCrypto } from './crypto.ts';
import { createFacts } from './facts/index.ts';
import { nodeFiles } from './files.ts';
import { createLogger, type LogLevel } from './log.ts';
import { createNodeSockets } from './sockets.ts';
import { nodeTimers } from './timers.ts';

export interface NodeHostOptions {
  /** Folder of the agent's own files; made with mode 0700 where it is missing. */
  readonly dataDir: string;
  /** Shown as the node's container runtime version: `boardlet://<version>`. */
  readonly version: string;
  /** Unix ms of the build: the clock never shows less. */
  readonly buildUnixMs: number;
  /** Default: JSON lines on stderr. */
  readonly log?: Logger;
  /** Default `info`; has no effect on a `log` handed in. */
  readonly logLevel?: LogLevel;
}

export interface NodeHost extends Host {
  /** Saves the clock and stops its timer. The host's other parts hold nothing that keeps a process alive. */
  readonly close: () => void;
}

/** Makes the data folder and reads the saved time; throws `BL_HOST_*` where the folder cannot be made. */
export function createNodeHost(options: NodeHostOptions): NodeHost {
  const log = options.log ?? createLogger({ level: options.logLevel ?? 'info' });
  const made = nodeFiles.makeFolder(options.dataDir);
  if (!made.ok) throw new BoardletError(made.code, `the data folder: ${made.message}`);
  const clock = createNodeClock({
    path: join(options.dataDir, 'clock.json'),
    files: nodeFiles,
    buildUnixMs: options.buildUnixMs,
    log,
  });
  return {
    clock,
    adjustClock: clock.adjust,
    timers: nodeTimers,
    log,
    files: nodeFiles,
    sockets: createNodeSockets(() => ({ unixMs: clock.unixMs(), trusted: clock.trusted() })),
    crypto: nodeCrypto,
    facts: createFacts({
      dataDir: options.dataDir,
      version: options.version,
      clockTrusted: clock.trusted,
    }),
    close: clock.close,
  };
}
