/** `boardctl board …`. */
import { BoardletError, isBoardletError } from '@boardlet/adapters/wire';
import type { Command } from 'commander';
import type { KubeClient, KubeObject } from '../kube/contract.ts';
import { NODES } from '../kube/resources.ts';
import type { Binding, Bindings, JoinInfo, JoinTokenRequest } from '../trust/contract.ts';
import { createBindings, createJoinTokens, readJoinInfo } from '../trust/index.ts';
import { usage } from './exit.ts';
import { age, parseDuration, table } from './output.ts';
import type { CommandContext } from './program.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface BoardRow extends Binding {
  readonly node: string;
  /** `True`, `False`, `Unknown`; `<none>` without a Node. */
  readonly ready: string;
}

export function addBoardCommands(program: Command, context: CommandContext): void {
  const board = program.command('board').description('join, list, move and remove boards');
  addJoinToken(board, context);
  board
    .command('list')
    .description('every enrolled board, the link that carries it, and whether its node is ready')
    .addHelpText('after', '\nExample:\n  boardctl board list')
    .action(() => context.withKube((kube) => list(kube, context)));
  board
    .command('show <board>')
    .description('one board')
    .addHelpText('after', '\nExample:\n  boardctl board show pump-1')
    .action((name: string) => context.withKube((kube) => show(kube, context, name)));
  board
    .command('move <board>')
    .description('let another link carry a board')
    .requiredOption('--to <link>', 'the link: the name of the board or gateway that it belongs to')
    .addHelpText('after', '\nExample:\n  boardctl board move pump-1 --to hall-3')
    .action((name: string, { to }: { to: string }) =>
      context.withKube(async (kube) => {
        const moved = await bindingsOf(kube, context).move(name, to);
        context.output().show(moved, () => `${moved.board} is carried by ${moved.link} now\n`);
      }),
    );
  board
    .command('remove <board>')
    .description('forget a board: its link may no longer carry it nor renew its certificate')
    .option('--cascade', 'of a gateway: also the boards that it carries', false)
    .addHelpText('after', '\nExample:\n  boardctl board remove hall-3 --cascade')
    .action((name: string, { cascade }: { cascade: boolean }) =>
      context.withKube(async (kube) => {
        const removed = await bindingsOf(kube, context).remove(name, { cascade });
        context.output().show({ removed }, () => `removed ${removed.join(', ')}\n`);
      }),
    );
}

interface TokenOptions {
  readonly board?: string;
  readonly gateway?: string;
  readonly boards?: string;
  readonly ttl: string;
}

function addJoinToken(board: Command, context: CommandContext): void {
  board
    .command('join-token')
    .description('a one-time token, and the command to run on the board')
    .option(
      '--board <name>',
      'only for the board of this name, which may have been enrolled before',
    )
    .option('--gateway <prefix>', 'for a gateway of this name that brings boards <prefix>-…')
    .option('--boards <n>', 'how many boards the gateway may bring, itself included')
    .option('--ttl <duration>', 'how long the token can be used: 90s, 30m, 1h, 2d', '1h')
    .addHelpText(
      'after',
      '\nExamples:\n  boardctl board join-token\n  boardctl board join-token --gateway hall-3 --boards 20 --ttl 30m',
    )
    .action((options: TokenOptions) =>
      context.withKube((kube) => joinToken(kube, context, tokenRequest(options))),
    );
}

function tokenRequest({ board, gateway, boards, ttl }: TokenOptions): JoinTokenRequest {
  const ttlS = parseDuration(ttl);
  if (ttlS === undefined) throw usage(`--ttl: "${ttl}" is no duration such as 90s, 30m, 1h or 2d`);
  if ((gateway === undefined) !== (boards === undefined)) {
    throw usage('--gateway and --boards go together');
  }
  return {
    ttlS,
    ...(board === undefined ? {} : { board }),
    ...(gateway === undefined ? {} : { gateway: { prefix: gateway, boards: Number(boards) } }),
  };
}

async function joinToken(
  kube: KubeClient,
  context: CommandContext,
  request: JoinTokenRequest,
): Promise<void> {
  const info = await requireJoinInfo(kube);
  const tokens = createJoinTokens({ kube, caHash: info.caHash, now: context.host.now });
  const { token, expiresAt } = await tokens.make(request);
  await tokens.sweep();
  const command = `boardlet-agent join ${info.url} ${token}`;
  context
    .output()
    .show(
      { token, url: info.url, expiresAt, command },
      () => `Run this on the board, once, before ${expiresAt}:\n\n  ${command}\n`,
    );
}

async function requireJoinInfo(kube: KubeClient): Promise<JoinInfo> {
  const info = await readJoinInfo(kube);
  if (info !== undefined) return info;
  throw new BoardletError(
    'BL_CTL_NO_BRIDGE',
    'no boardlet bridge has announced itself in this cluster; start one first',
  );
}

function bindingsOf(kube: KubeClient, { host }: CommandContext): Bindings {
  return createBindings({ kube, log: SILENT, now: host.now });
}

async function list(kube: KubeClient, context: CommandContext): Promise<void> {
  const fleet = (await readJoinInfo(kube))?.fleet ?? '';
  const bindings = await bindingsOf(kube, context).list();
  const nodes = new Map((await kube.list(NODES)).items.map((n) => [n.metadata.name, n]));
  const rows = bindings.map((b) => rowOf(b, fleet, nodes.get(`${fleet}-${b.board}`)));
  context.output().show(rows, () => listText(rows, context));
}

function listText(rows: readonly BoardRow[], context: CommandContext): string {
  if (rows.length === 0) return 'no boards yet: boardctl board join-token\n';
  const output = context.output();
  const head = ['BOARD', 'LINK', 'NODE', 'READY', 'AGE'];
  const lines = rows.map(({ board, link, node, ready, createdAt }) => [
    board,
    link,
    node,
    output.colour(ready === 'True' ? 'good' : 'bad', ready),
    age(Date.parse(createdAt), context.host.now()),
  ]);
  return table([head, ...lines]);
}

async function show(kube: KubeClient, context: CommandContext, name: string): Promise<void> {
  const binding = await bindingsOf(kube, context).get(name);
  if (binding === undefined) {
    throw new BoardletError('BL_TRUST_NO_BOARD', `no board named "${name}" is enrolled`);
  }
  const fleet = (await readJoinInfo(kube))?.fleet ?? '';
  const row = rowOf(binding, fleet, await nodeOrNone(kube, `${fleet}-${name}`));
  context.output().show(row, () => {
    const grant = row.gateway;
    const lines = [
      ['Board:', row.board],
      ['Link:', row.link],
      ['Node:', row.node],
      ['Ready:', row.ready],
      ['Enrolled:', row.createdAt],
      ...(grant === undefined
        ? []
        : [['Gateway:', `${grant.prefix}-…, up to ${grant.boards} boards`]]),
    ];
    return table(lines);
  });
}

async function nodeOrNone(kube: KubeClient, name: string): Promise<KubeObject | undefined> {
  try {
    return await kube.get(NODES, '', name);
  } catch (error) {
    if (isBoardletError(error, 'BL_KUBE_NOT_FOUND')) return undefined;
    throw error;
  }
}

function rowOf(binding: Binding, fleet: string, node: KubeObject | undefined): BoardRow {
  return { ...binding, node: `${fleet}-${binding.board}`, ready: readiness(node) };
}

function readiness(node: KubeObject | undefined): string {
  const conditions: unknown = Object(node?.['status']).conditions;
  if (!Array.isArray(conditions)) return '<none>';
  const ready: unknown = conditions.find((c: unknown) => Object(c).type === 'Ready');
  const status: unknown = Object(ready).status;
  return typeof status === 'string' ? status : 'Unknown';
}
