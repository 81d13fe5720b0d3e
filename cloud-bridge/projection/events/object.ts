/** Events of the core API, made so that the same occurrence always has the same name. Pure. */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../../kube/index.ts';
import type { JournalEntry } from '../../session/contract.ts';
import { believableMs, plain, reasonOf, timestamp } from '../text.ts';

const COMPONENT = 'boardlet';
/** The API's own limits: note 1024 bytes, reason 128. */
const MAX_MESSAGE = 1024;
const MAX_COUNT = 2 ** 31 - 1;

export interface Subject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** The kubelet names a Node by its name in `uid` too, and that is where `kubectl describe node` looks. */
export function nodeSubject(node: string): Subject {
  return { apiVersion: 'v1', kind: 'Node', name: node, uid: node };
}

export function subjectOf(object: KubeObject): Subject {
  const { name, namespace, uid } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
  };
}

function namespaceOf(subject: Subject): string {
  return subject.namespace ?? 'default';
}

/** A DNS name of bounded length that is unique for the text it was made from. */
function nameFrom(node: string, text: string): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 20);
  return `${node.slice(0, 200).replace(/[^a-z0-9]+$/, '')}.${digest}`;
}

interface Draft {
  readonly name: string;
  readonly node: string;
  readonly subject: Subject;
  readonly warning: boolean;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

function eventOf(draft: Draft): KubeObject {
  const { subject, node } = draft;
  const namespace = namespaceOf(subject);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: draft.name, namespace },
    involvedObject: subject,
    type: draft.warning ? 'Warning' : 'Normal',
    reason: draft.reason,
    message: draft.message,
    count: draft.count,
    firstTimestamp: timestamp(draft.firstMs),
    lastTimestamp: timestamp(draft.lastMs),
    source: { component: COMPONENT, host: node },
    reportingComponent: COMPONENT,
    reportingInstance: node,
  };
}

/** A board's journal entry. Sent again, it makes the same name (rule J4): the API says AlreadyExists. */
export function journalEvent(
  entry: JournalEntry,
  board: { readonly node: string; readonly subject: Subject | undefined },
  nowMs: number,
): KubeObject {
  const { event } = entry;
  const atMs = believableMs(event.unixMs, nowMs);
  // An entry about what is not the board's own stands on its Node, with the name in the text.
  const about = board.subject === undefined && event.about !== 'node';
  const prefix = about ? `${event.about} ${plain(event.name, 253)}: ` : '';
  return eventOf({
    name: nameFrom(board.node, `journal ${board.node} ${entry.identity}`),
    node: board.node,
    subject: board.subject ?? nodeSubject(board.node),
    warning: event.warning,
    reason: reasonOf(event.reason, 'BoardEvent'),
    message: plain(prefix + event.message, MAX_MESSAGE),
    count: Math.min(MAX_COUNT, Math.max(1, event.count ?? 1)),
    firstMs: atMs,
    lastMs: atMs,
  });
}

/** How many entries a board lost in all; one Event for each new total. */
export function lostEvent(node: string, lost: number, more: number, nowMs: number): KubeObject {
  return eventOf({
    name: nameFrom(node, `lost ${node} ${lost}`),
    node,
    subject: nodeSubject(node),
    warning: true,
    reason: 'JournalEntriesLost',
    message: `the board's journal was full: ${more} entries are lost (${lost} in all)`,
    count: 1,
    firstMs: nowMs,
    lastMs: nowMs,
  });
}

export interface Occurrence {
  readonly node: string;
  readonly subject: Subject;
  readonly warning: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Two occurrences with the same key are one Event with a higher count. */
export function occurrenceName(one: Occurrence): string {
  const { kind, namespace = '', name, uid = '' } = one.subject;
  return nameFrom(
    one.node,
    `own ${kind} ${namespace}/${name} ${uid} ${one.reason} ${one.warning} ${one.message}`,
  );
}

export function ownEvent(
  one: Occurrence,
  count: number,
  firstMs: number,
  lastMs: number,
): KubeObject {
  return eventOf({
    ...one,
    name: occurrenceName(one),
    reason: reasonOf(one.reason, 'BoardEvent'),
    message: plain(one.message, MAX_MESSAGE),
    count,
    firstMs,
    lastMs,
  });
}
