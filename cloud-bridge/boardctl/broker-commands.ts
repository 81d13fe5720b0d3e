/** `boardctl broker …`. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isOwnName, loadOrCreateAuthority, SERVER_LIFETIME_S } from '../trust/index.ts';
import { writeMosquittoFiles } from './broker-files.ts';
import { usage } from './exit.ts';
import { MOSQUITTO_FILES } from './mosquitto-config.ts';
import { parseDuration } from './output.ts';
import type { CommandContext } from './program.ts';

interface ConfigOptions {
  readonly mosquitto: boolean;
  readonly dir: string;
  readonly pki: string;
  readonly fleet: string;
  readonly name: readonly string[];
  readonly bridge: readonly string[];
  readonly port: string;
  readonly host?: string;
  readonly user?: string;
  readonly lifetime: string;
}

export function addBrokerCommands(program: Command, context: CommandContext): void {
  program
    .command('broker')
    .description('files for a broker of your own')
    .command('config')
    .description('configuration, rights and certificate, with the rules of the embedded broker')
    .option('--mosquitto', 'for mosquitto 2.0 or later', false)
    .requiredOption('--dir <folder>', 'where the files go; mosquitto reads them there')
    .requiredOption('--pki <folder>', "the bridge's CA")
    .option('--fleet <name>', 'of a CA that is made now', 'default')
    .requiredOption(
      '--name <host...>',
      'host names and addresses under which boards find the broker',
    )
    .option('--bridge <name...>', "names of the bridge's replicas", ['bridge.main'])
    .option('--port <n>', 'port', '8883')
    .option('--host <address>', 'address to listen on; default: all')
    .option('--user <account>', 'account that mosquitto changes to when root starts it')
    .option('--lifetime <duration>', "of the broker's certificate", `${SERVER_LIFETIME_S}s`)
    .addHelpText(
      'after',
      '\nExample:\n  boardctl broker config --mosquitto --dir /etc/mosquitto/boardlet --pki /var/lib/boardlet/pki --name broker.example',
    )
    .action((options: ConfigOptions) => config(context, options));
}

async function config(context: CommandContext, options: ConfigOptions): Promise<void> {
  if (!options.mosquitto) throw usage('say for which broker: --mosquitto');
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw usage(`--port: ${options.port} is not within 1 and 65535`);
  }
  const wrong = options.bridge.find((name) => !name.startsWith('bridge.') || !isOwnName(name));
  if (wrong !== undefined) throw usage(`--bridge: "${wrong}" is not of the form bridge.<name>`);
  const lifetimeS = parseDuration(options.lifetime);
  if (lifetimeS === undefined) throw usage(`--lifetime: "${options.lifetime}" is no duration`);
  const { fleet, name, bridge, host, user } = options;
  const { now } = context.host;
  const authority = await loadOrCreateAuthority(options.pki, { fleet, now });
  const dir = resolve(options.dir);
  const files = await writeMosquittoFiles(authority, {
    dir,
    port,
    names: name,
    bridges: bridge,
    lifetimeS,
    ...(host === undefined ? {} : { host }),
    ...(user === undefined ? {} : { user }),
  });
  const bridges = bridge.map((one) => `boardlet-bridge --name ${one} …`);
  const command = `mosquitto -c ${dir}/${MOSQUITTO_FILES.config}`;
  context
    .output()
    .show(
      { files, command, bridges },
      () =>
        `wrote ${files.join('\n      ')}\n\nStart it with:\n\n  ${command}\n\nIt knows these bridges:\n\n  ${bridges.join('\n  ')}\n`,
    );
}
