/** The command line: options, help and exit codes. What each command does is in its own file. */
import { Command } from 'commander';
import type { KubeClient } from '../kube/contract.ts';
import { addBoardCommands } from './board-commands.ts';
import { addBrokerCommands } from './broker-commands.ts';
import { EXIT, type ExitCode, failureOf } from './exit.ts';
import { createOutput, type Output } from './output.ts';
import { addPkiCommands } from './pki-commands.ts';

/** All that the command line touches of the machine. */
export interface BoardctlHost {
  /** Opens the API; `kubeconfig` is a path, absent: the usual places. */
  readonly openKube: (kubeconfig: string | undefined) => Promise<KubeClient>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
  /** Unix ms. */
  readonly now: () => number;
  readonly version: string;
}
export interface CommandContext {
  readonly host: BoardctlHost;
  /** With the options that were parsed. */
  readonly output: () => Output;
  /** Opens the API, and closes it after the work. */
  readonly withKube: <T>(work: (kube: KubeClient) => Promise<T>) => Promise<T>;
}

/** Runs one command; never throws and never exits. `args` without node and script. */
export async function runBoardctl(args: readonly string[], host: BoardctlHost): Promise<ExitCode> {
  const program = build(host);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    const { exit, code, message } = failureOf(error);
    if (message !== '') {
      const json = program.opts()['json'] === true;
      host.stderr(
        json ? `${JSON.stringify({ code, message })}\n` : `boardctl: ${message} (${code})\n`,
      );
    }
    return exit;
  }
}

function build(host: BoardctlHost): Command {
  const program = new Command('boardctl')
    .description(
      'boards of a boardlet fleet: how they join, which link carries them, and their broker',
    )
    .version(host.version)
    .option(
      '--kubeconfig <path>',
      'kubeconfig of the cluster; default $KUBECONFIG, then ~/.kube/config',
    )
    .option('--json', 'one JSON value on standard output', false)
    .configureOutput({ writeOut: host.stdout, writeErr: host.stderr })
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)');
  program.addHelpText(
    'after',
    `
Examples:
  boardctl board join-token --board pump-1
  boardctl board join-token --gateway hall-3 --boards 20 --ttl 30m
  boardctl board list --json
  boardctl broker config --mosquitto --dir ./mosquitto --pki ./pki --name broker.example

Exit codes: 0 done, 1 failed, 2 wrong usage, 69 cluster or bridge unavailable, 77 no permission.`,
  );
  const context: CommandContext = {
    host,
    output: () =>
      createOutput({
        json: program.opts()['json'] === true,
        colours: host.isTty && (host.env['NO_COLOR'] ?? '') === '',
        write: host.stdout,
      }),
    withKube: async (work) => {
      const path: unknown = program.opts()['kubeconfig'];
      const kube = await host.openKube(typeof path === 'string' ? path : undefined);
      try {
        return await work(kube);
      } finally {
        await kube.close();
      }
    },
  };
  addBoardCommands(program, context);
  addBrokerCommands(program, context);
  addPkiCommands(program, context);
  inheritSettings(program);
  return program;
}

/** Commander's settings reach only commands that are made after them by `command()`; ours are nested two deep. */
function inheritSettings(parent: Command): void {
  for (const child of parent.commands) {
    child.copyInheritedSettings(parent);
    inheritSettings(child);
  }
}
