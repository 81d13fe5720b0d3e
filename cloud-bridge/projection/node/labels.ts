/** Labels of a Node. A board's own pass an allow-list: a Node's label decides where Secrets and traffic go. */
import type { NodeDocument } from '@boardlet/adapters/wire';

export interface LabelSettings {
  /** `topology.kubernetes.io/zone`: one per bridge, so that a dead bridge is one dead zone and not many bad nodes in a good one. */
  readonly zone: string;
  /** Keys that a board may set; one that ends in `/` is a prefix. */
  readonly allowedLabels: readonly string[];
}

/** A board may label itself below its own domain and nowhere else. */
export const DEFAULT_ALLOWED_LABELS: readonly string[] = ['board.boardlet.dev/'];
const MAX_BOARD_LABELS = 32;

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function isLabelValue(value: string): boolean {
  return value === '' || NAME.test(value);
}

/** `key` is within the allow-list. */
export function isAllowedLabel(key: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => (one.endsWith('/') ? key.startsWith(one) : key === one));
}

export function boardLabels(
  labels: Readonly<Record<string, string>>,
  allowed: readonly string[],
): Record<string, string> {
  const kept: Record<string, string> = {};
  let count = 0;
  for (const [key, value] of Object.entries(labels)) {
    const name = key.slice(key.indexOf('/') + 1);
    if (!isAllowedLabel(key, allowed) || !NAME.test(name) || !isLabelValue(value)) continue;
    if (++count > MAX_BOARD_LABELS) break;
    kept[key] = value;
  }
  return kept;
}

function labelOr(value: string, fallback: string): string {
  return NAME.test(value) ? value : fallback;
}

export function nodeLabels(
  node: string,
  document: NodeDocument,
  settings: LabelSettings,
): Record<string, string> {
  return {
    ...boardLabels(document.labels, settings.allowedLabels),
    // Not the true one: DaemonSets of the cluster select `linux` and tolerate everything.
    'kubernetes.io/os': 'boardlet',
    'kubernetes.io/arch': labelOr(document.arch, 'unknown'),
    'kubernetes.io/hostname': node.slice(0, 63).replace(/[^A-Za-z0-9]+$/, ''),
    'topology.kubernetes.io/zone': labelOr(settings.zone, 'boardlet'),
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
    'boardlet.dev/os': labelOr(document.os, 'unknown'),
  };
}

/** A merge patch of `metadata.labels`, or undefined when nothing differs. What a board no longer sets goes; the rest is others'. */
export function labelPatch(
  present: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
  allowed: readonly string[],
): Record<string, string | null> | undefined {
  const patch: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(wanted))
    if (present?.[key] !== value) patch[key] = value;
  for (const key of Object.keys(present ?? {}))
    if (!(key in wanted) && isAllowedLabel(key, allowed)) patch[key] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}
