/** Entry of the `boardlet-bridge` program: prints one JSON line when it serves; SIGTERM and SIGINT end it. */
import { CommanderError } from 'commander';
import { VERSION } from '../boardctl/version.ts';
import { createBridgeLog, readSettings, startBridge } from '../bridge/index.ts';

const EXIT_USAGE = 2;

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'BL_BRIDGE_USAGE' ? EXIT_USAGE : 1;
}

async function main(args: readonly string[]): Promise<void> {
  const settings = readSettings(args, VERSION);
  const log = createBridgeLog(settings.logLevel);
  const bridge = await startBridge(settings, log, (error) => {
    log.error('bridge.open-broker', { code: error.code, error: error.message });
    process.exit(1);
  });
  const { joinListen, kubeletListen } = bridge;
  process.stdout.write(
    `${JSON.stringify({ ready: true, pid: process.pid, joinListen, kubeletListen })}\n`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await bridge.stop();
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  if (!(error instanceof CommanderError)) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    process.stderr.write(
      `boardlet-bridge: ${error instanceof Error ? error.message : String(error)}${code}\n`,
    );
  }
  process.exit(exitCodeOf(error));
}
