/** `npm start`: broker, Kubernetes API, bridge and one agent on this machine, and a live table.
 *
 *   npm start                      until Ctrl-C; the next start goes on from .boardlet/
 *   npm start -- --check           unattended: wait for what should work, print the table, exit 0 or say what was missing
 *   npm start -- --data DIR        another folder for all state
 *   npm start -- --host ADDRESS    boards on other machines join at this address of this one; default: none, loopback
 */
import { appendFileSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isBoardletError } from '@boardlet/adapters/wire';
import {
  createKubeClient,
  DEVICES,
  DEVICESTATUSES,
  type KubeClient,
  type KubeObject,
  NODES,
  PODS,
} from '@boardlet/cloud-bridge/kube';
import { load } from 'js-yaml';
import { boardName, type Stack, startStack } from './stack.ts';

// --- the table -----------------------------------------------------------------------------------------------------

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}
interface Seen {
  readonly nodes: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly statuses: readonly KubeObject[];
}

const field = (object: KubeObject, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    object,
  );

async function look(client: KubeClient): Promise<Seen> {
  const [nodes, pods, statuses] = await Promise.all([
    client.list(NODES),
    client.list(PODS),
    client.list(DEVICESTATUSES),
  ]);
  return { nodes: nodes.items, pods: pods.items, statuses: statuses.items };
}

function readyOf(node: KubeObject): Condition | undefined {
  return ((field(node, 'status', 'conditions') ?? []) as Condition[]).find(
    (c) => c.type === 'Ready',
  );
}

/** Rows of the table, aligned; the same at a terminal and in a file. */
function table(seen: Seen): string {
  const rows: string[][] = [['KIND', 'NAME', 'STATE', 'WHERE']];
  for (const n of seen.nodes) {
    const ready = readyOf(n);
    const state = ready?.status === 'True' ? 'Ready' : `NotReady ${ready?.reason ?? ''}`;
    rows.push([
      'node',
      n.metadata.name,
      state,
      String(field(n, 'status', 'nodeInfo', 'osImage') ?? ''),
    ]);
  }
  for (const p of seen.pods) {
    rows.push([
      'pod',
      `${p.metadata.namespace}/${p.metadata.name}`,
      String(field(p, 'status', 'phase') ?? ''),
      String(field(p, 'spec', 'nodeName') ?? ''),
    ]);
  }
  for (const d of seen.statuses) {
    const twins = (field(d, 'status', 'twins') ?? []) as {
      propertyName: string;
      reported?: { value: string };
    }[];
    const values = twins.map((t) => `${t.propertyName}=${t.reported?.value ?? ''}`).join(' ');
    rows.push(['device', d.metadata.name, String(field(d, 'status', 'state') ?? ''), values]);
  }
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

// --- npm start -- --check ------------------------------------------------------------------------------------------

const CHECK_DEADLINE_MS = 40_000;
const POLL_MS = 100;

interface Step {
  readonly missing: string;
  readonly done: () => Promise<boolean>;
}

function checkSteps(stack: Stack, client: KubeClient): readonly Step[] {
  const device = `host-${stack.node}`;
  return [
    {
      missing: 'the board is not Ready',
      done: async () => readyOf(await client.get(NODES, '', stack.node))?.status === 'True',
    },
    {
      missing: 'the example pod does not run',
      done: async () =>
        field(await client.get(PODS, 'default', 'hello'), 'status', 'phase') === 'Running',
    },
    {
      missing: "the board's twin reports nothing",
      done: async () =>
        (
          (field(await client.get(DEVICESTATUSES, 'default', device), 'status', 'twins') ??
            []) as unknown[]
        ).length > 0,
    },
  ];
}

async function waitFor(step: Step, until: number): Promise<boolean> {
  for (;;) {
    try {
      if (await step.done()) return true;
    } catch (error) {
      if (!isBoardletError(error)) throw error;
    }
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A desired value that differs from the present one, so that seeing it reported proves the way there and back. */
async function desireTwin(stack: Stack, client: KubeClient): Promise<Step> {
  const name = `host-${stack.node}`;
  const device = await client.get(DEVICES, 'default', name);
  const properties = (field(device, 'spec', 'properties') ?? []) as {
    name: string;
    desired?: { value: string };
  }[];
  const at = properties.findIndex((p) => p.name === 'reportIntervalMs');
  const value = properties[at]?.desired?.value === '2000' ? '3000' : '2000';
  await client.patch(DEVICES, 'default', name, 'json', [
    { op: 'add', path: `/spec/properties/${at}/desired`, value: { value } },
  ]);
  return {
    missing: 'the desired twin value was not reported back',
    done: async () => {
      const status = await client.get(DEVICESTATUSES, 'default', name);
      const twins = (field(status, 'status', 'twins') ?? []) as {
        propertyName: string;
        reported: { value: string };
      }[];
      return twins.find((t) => t.propertyName === 'reportIntervalMs')?.reported.value === value;
    },
  };
}

async function applyExample(client: KubeClient): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, 'examples/hello-pod.yaml'), 'utf8');
  const pod = load(text) as KubeObject;
  try {
    await client.create(PODS, { ...pod, metadata: { ...pod.metadata, namespace: 'default' } });
  } catch (error) {
    if (!isBoardletError(error, 'BL_KUBE_ALREADY_EXISTS')) throw error;
  }
}

async function check(stack: Stack, client: KubeClient): Promise<number> {
  const until = Date.now() + CHECK_DEADLINE_MS;
  await applyExample(client);
  const steps = [...checkSteps(stack, client)];
  const missing: string[] = [];
  for (const step of steps) if (!(await waitFor(step, until))) missing.push(step.missing);
  if (missing.length === 0) {
    const back = await desireTwin(stack, client);
    if (!(await waitFor(back, until))) missing.push(back.missing);
  }
  console.log(table(await look(client)));
  for (const m of missing) console.error(`missing: ${m}`);
  return missing.length === 0 ? 0 : 1;
}

// --- npm start -----------------------------------------------------------------------------------------------------

const REDRAW_MS = 1_000;

async function live(client: KubeClient, stopped: AbortSignal): Promise<void> {
  let last = '';
  while (!stopped.aborted) {
    let text = last;
    try {
      text = table(await look(client));
    } catch (error) {
      if (!isBoardletError(error)) throw error;
      text = `the API does not answer: ${error.message}`;
    }
    if (text !== last) {
      if (process.stdout.isTTY && last !== '')
        process.stdout.write(`\u001b[${last.split('\n').length}A\u001b[0J`);
      console.log(text);
      last = text;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, REDRAW_MS);
      stopped.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

async function main(args: readonly string[]): Promise<number> {
  const data = resolve(option(args, '--data') ?? '.boardlet');
  const checking = args.includes('--check');
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  const host = option(args, '--host');
  const stack = await startStack({
    data,
    ...(host === undefined ? {} : { host }),
    fleet: 'demo',
    board: boardName(),
    args: { agent: ['--stop-pods'] },
    onLog: (part, line) => appendFileSync(join(data, `${part}.log`), `${line}\n`),
  });
  const client = createKubeClient({ kubeconfig: stack.kubeconfig });
  try {
    if (checking) return await check(stack, client);
    console.log(
      `kubeconfig: ${stack.kubeconfig}\nlogs:       ${data}/*.log\nnode:       ${stack.node}\n`,
    );
    await live(client, stopped.signal);
    console.error('stopping');
    return 0;
  } finally {
    await client.close();
    await stack.close();
  }
}

if (process.argv[1] !== undefined && import.meta.filename === realpathSync(process.argv[1])) {
  process.exit(await main(process.argv.slice(2)));
}
