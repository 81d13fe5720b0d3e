/** Entry of the `boardlet-agent` program. */
import { exitCodeOf } from './exit.ts';
import { HELP } from './help.ts';
import { VERSION } from './version.ts';

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (rest.includes('--help') || command === '--help' || command === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  switch (command) {
    case '--version':
      process.stdout.write(`${VERSION}\n`);
      return 0;
    case 'join':
      await (await import('./join.ts')).join(rest);
      return 0;
    case 'run':
      await (await import('./run.ts')).run(rest);
      return 0;
    default:
      process.stderr.write(HELP);
      return 2;
  }
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  process.stderr.write(
    `boardlet-agent: ${error instanceof Error ? error.message : String(error)}${code}\n`,
  );
  process.exit(exitCodeOf(error));
}
