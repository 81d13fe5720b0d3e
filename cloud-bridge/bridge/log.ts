/** pino as the bridge's logger: JSON lines on stderr. */
import { pino } from 'pino';
import type { Logger } from '../kube/index.ts';

export function createBridgeLog(level: string): Logger {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'event',
      // Words, as the agent, the API and the broker write them.
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  const write =
    (name: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    (event, fields = {}) =>
      log[name](fields, event);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
