/** Entry of the `boardlet-broker` program. */
import { VERSION } from '../boardctl/version.ts';
import { startBrokerProgram } from '../broker/program.ts';

const program = await startBrokerProgram(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  version: VERSION,
});
process.exitCode = program.exit;
if (program.broker !== undefined) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => program.stop());
  }
}
