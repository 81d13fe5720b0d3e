/** A board's node document and presence → its Node. Pure. */
import type { NodeCondition, NodeDocument } from '@boardlet/adapters/wire';
import type { KubeObject } from '../../kube/index.ts';
import {
  type Condition,
  type ConditionStatus,
  sameConditions,
  transitions,
  type Wish,
} from '../conditions.ts';
import type { Naming, Write } from '../contract.ts';
import { covers } from '../covers.ts';
import { plain, reasonOf, timestamp } from '../text.ts';
import { type Away, awayMessage, awayReason, isCertain } from './away.ts';
import { type LabelSettings, labelPatch, nodeLabels } from './labels.ts';
import { resourceList } from './quantity.ts';
import { BOARD_TAINT, type Taint, taintsFor } from './taints.ts';

/** Tools parse a node's version as a semantic version and hold it against the control plane's (version skew policy): so it
 * names the kubelet whose behaviour the board follows, then the agent's own. */
const KUBELET_LEVEL = '1.35.0';

export interface NodeSettings extends LabelSettings {
  readonly naming: Naming;
  /** One stable address of the bridge: the API server dials it for every board's streams. */
  readonly internalIp?: string;
  /** Port of the kubelet endpoint there. */
  readonly kubeletPort?: number;
  /** Publish the addresses that boards report, beside `internalIp` as ExternalIP. Only where nothing dials a Node by them
   * (the embedded API dials InternalIP): a board that may say where it lives can have the API server's credentials, or
   * a load balancer's traffic, sent there. Default false. */
  readonly boardAddresses?: boolean;
}

export interface BoardView {
  readonly board: string;
  /** Undefined: nothing was reported yet. */
  readonly document: NodeDocument | undefined;
  /** Undefined: online. */
  readonly away: Away | undefined;
  /** Two live instances use its link (rule E2), or did; undefined: never since this bridge serves it. */
  readonly duplicate?: boolean | undefined;
}

const MAX_TEXT = 256;
const MAX_MESSAGE = 1024;
const MAX_CONDITIONS = 16;
const MAX_ADDRESSES = 16;
const MEASURED = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;
/** Conditions that a board may not set. */
const NOT_OF_BOARDS: readonly string[] = ['NetworkUnavailable', 'Duplicate'];
const READY_MESSAGE = 'The board is connected and takes pods';

function boardWish(condition: NodeCondition): Wish {
  return {
    type: condition.type,
    status: condition.status,
    reason: reasonOf(condition.reason, 'BoardReported'),
    message: plain(condition.message, MAX_MESSAGE),
  };
}

function isConditionType(type: string): boolean {
  return /^[A-Z][A-Za-z0-9]{0,62}$/.test(type) && !NOT_OF_BOARDS.includes(type);
}

function duplicateWish(present: boolean): Wish {
  return present
    ? {
        type: 'Duplicate',
        status: 'True',
        reason: 'TwoInstances',
        message:
          'Two live instances use the link of the board, the one that was there first is served: stop one of them, and the other is served',
      }
    : {
        type: 'Duplicate',
        status: 'False',
        reason: 'OneInstance',
        message: 'One of two instances that used the link of the board fell silent',
      };
}

/** What the board measured, the three that every Node has first, `Ready` last. */
function presentWishes(document: NodeDocument, duplicate?: boolean): Wish[] {
  const wishes: Wish[] = [];
  const given = new Map(document.conditions.map((condition) => [condition.type, condition]));
  for (const type of MEASURED) {
    const condition = given.get(type);
    wishes.push(
      condition === undefined
        ? { type, status: 'Unknown', reason: 'NotReported', message: 'The board does not tell' }
        : boardWish(condition),
    );
  }
  for (const [type, condition] of given) {
    const known = type === 'Ready' || MEASURED.some((one) => one === type);
    if (!known && isConditionType(type) && wishes.length < MAX_CONDITIONS)
      wishes.push(boardWish(condition));
  }
  if (duplicate !== undefined) wishes.push(duplicateWish(duplicate));
  const ready = given.get('Ready');
  wishes.push(
    ready !== undefined && ready.status !== 'True'
      ? boardWish(ready)
      : { type: 'Ready', status: 'True', reason: 'BoardReady', message: READY_MESSAGE },
  );
  return wishes;
}

/** Nobody measures a board that is away: what was measured is unknown too. Ready is False where the absence is certain. */
function awayWishes(away: Away, present: readonly Condition[] | undefined): Wish[] {
  const reason = awayReason(away);
  const message = awayMessage(away);
  const others = (present ?? []).filter(({ type }) => MEASURED.some((one) => one === type));
  const wishes: Wish[] = others.map(({ type }) => ({ type, status: 'Unknown', reason, message }));
  const status = isCertain(away) ? 'False' : 'Unknown';
  return [...wishes, { type: 'Ready', status, reason, message }];
}

export interface NodeParts {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly [field: string]: unknown;
  };
  readonly spec?: {
    readonly providerID?: string;
    readonly taints?: readonly Taint[];
  };
}
export function partsOf(node: KubeObject | undefined): NodeParts {
  return (node ?? {}) as NodeParts;
}

export function readyOf(node: KubeObject | undefined): ConditionStatus | undefined {
  return partsOf(node).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** A Node without our providerID is somebody else's and is never touched. */
export function isOurs(node: KubeObject, board: string, naming: Naming): boolean {
  return partsOf(node).spec?.providerID === naming.providerIdOf(board);
}

const IP = /^[0-9a-fA-F:.]{2,45}$/;
const HOST = /^[A-Za-z0-9]([-A-Za-z0-9.]{0,252}[A-Za-z0-9])?$/;

function ownIps(
  document: NodeDocument,
): readonly { readonly type: string; readonly address: string }[] {
  return document.addresses
    .filter(({ type, address }) => type !== 'Hostname' && IP.test(address))
    .slice(0, MAX_ADDRESSES - 1)
    .map(({ address }) => ({ type: 'ExternalIP', address }));
}

function addressesOf(
  view: BoardView,
  document: NodeDocument,
  settings: NodeSettings,
): readonly { readonly type: string; readonly address: string }[] {
  const { internalIp } = settings;
  if (internalIp !== undefined) {
    const stable = { type: 'InternalIP', address: internalIp };
    return settings.boardAddresses === true ? [stable, ...ownIps(document)] : [stable];
  }
  const hostname = { type: 'Hostname', address: settings.naming.nodeOf(view.board) };
  if (settings.boardAddresses !== true) return [hostname];
  const own = document.addresses.filter(
    ({ type, address }) =>
      ((type === 'InternalIP' || type === 'ExternalIP') && IP.test(address)) ||
      (type === 'Hostname' && HOST.test(address)),
  );
  return own.length === 0 ? [hostname] : own.slice(0, MAX_ADDRESSES);
}

function nodeInfo(document: NodeDocument): Record<string, string> {
  const text = (value: string): string => plain(value, MAX_TEXT);
  const version = text(document.agentVersion);
  return {
    architecture: text(document.arch),
    bootID: text(document.bootId),
    containerRuntimeVersion: text(document.runtimeVersion),
    kernelVersion: text(document.kernel),
    kubeProxyVersion: '',
    kubeletVersion: `v${KUBELET_LEVEL}-boardlet-v${version}`,
    machineID: text(document.machineId),
    operatingSystem: text(document.os),
    osImage: text(document.osImage),
    systemUUID: text(document.systemUuid),
  };
}

/** All of the status but its conditions. */
function facts(
  view: BoardView,
  document: NodeDocument,
  settings: NodeSettings,
): Record<string, unknown> {
  const { kubeletPort } = settings;
  return {
    addresses: addressesOf(view, document, settings),
    capacity: resourceList(document.capacity),
    allocatable: resourceList(document.allocatable),
    nodeInfo: nodeInfo(document),
    ...(kubeletPort === undefined
      ? {}
      : { daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } } }),
  };
}

function withHeartbeat(conditions: readonly Condition[], nowMs: number): Condition[] {
  return conditions.map((one) => ({ ...one, lastHeartbeatTime: timestamp(nowMs) }));
}

/** Created with its status: the API keeps it on create, and one POST is all that a board's arrival costs. */
function newNode(
  view: BoardView,
  document: NodeDocument,
  settings: NodeSettings,
  nowMs: number,
): KubeObject {
  const name = settings.naming.nodeOf(view.board);
  const conditions = transitions(undefined, presentWishes(document, view.duplicate), nowMs);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(name, document, settings) },
    spec: {
      providerID: settings.naming.providerIdOf(view.board),
      // TEST-NET-1 (RFC 5737): with a podCIDR set, the cluster's allocator gives none from its pool.
      podCIDR: '192.0.2.0/32',
      podCIDRs: ['192.0.2.0/32'],
      taints: [BOARD_TAINT],
    },
    status: {
      ...facts(view, document, settings),
      conditions: withHeartbeat(conditions, nowMs),
    },
  };
}

function statusWrite(
  present: NodeParts,
  wishes: readonly Wish[],
  rest: Readonly<Record<string, unknown>>,
  nowMs: number,
): Write | undefined {
  const before = present.status?.conditions;
  if (sameConditions(before, wishes) && covers(present.status, rest)) return undefined;
  const others = (before ?? []).filter(({ type }) => !wishes.some((wish) => wish.type === type));
  const ours = withHeartbeat(transitions(before, wishes, nowMs), nowMs);
  const body = { status: { ...rest, conditions: [...others, ...ours] } };
  return { op: 'patch', type: 'merge', subresource: 'status', body };
}

function metaWrite(
  present: KubeObject,
  labels: Readonly<Record<string, string>> | undefined,
  settings: NodeSettings,
  ready: ConditionStatus,
  nowMs: number,
): Write | undefined {
  const taints = taintsFor(partsOf(present).spec?.taints, ready, nowMs);
  const patch = labels && labelPatch(present.metadata.labels, labels, settings.allowedLabels);
  if (taints === undefined && patch === undefined) return undefined;
  const body = {
    ...(patch === undefined ? {} : { metadata: { labels: patch } }),
    ...(taints === undefined ? {} : { spec: { taints } }),
  };
  return { op: 'patch', type: 'merge', body };
}

/** All writes that bring the Node to what the board is. Empty: nothing to do, or not ours. */
export function nodeWrites(
  present: KubeObject | undefined,
  view: BoardView,
  settings: NodeSettings,
  nowMs: number,
): readonly Write[] {
  const { document, away } = view;
  if (present === undefined) {
    if (document === undefined || away !== undefined) return [];
    return [{ op: 'create', object: newNode(view, document, settings, nowMs) }];
  }
  if (!isOurs(present, view.board, settings.naming)) return [];
  if (away === undefined && document === undefined) return [];
  const parts = partsOf(present);
  const here = away === undefined ? document : undefined;
  const wishes =
    away === undefined
      ? presentWishes(document as NodeDocument, view.duplicate)
      : awayWishes(away, parts.status?.conditions);
  const ready = wishes.at(-1)?.status ?? 'Unknown';
  const rest = here === undefined ? {} : facts(view, here, settings);
  const labels = here === undefined ? undefined : nodeLabels(present.metadata.name, here, settings);
  return [
    statusWrite(parts, wishes, rest, nowMs),
    metaWrite(present, labels, settings, ready, nowMs),
  ].filter((write) => write !== undefined);
}
