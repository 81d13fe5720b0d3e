/** Who may publish and subscribe what: docs/protocol.md §3. Pure. */
import type { MqttIdentity } from '../trust/names.ts';

const FLEET = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SHARD = /^[0-9a-f]{2}$/;
const LINK_WRITES: ReadonlySet<string> = new Set(['u', 'j', 's', 'w', 't']);
const LINK_READS: ReadonlySet<string> = new Set(['d', 'r', 'c']);
const TELEOP_WRITES: ReadonlySet<string> = new Set(['t', 'x']);
const TELEOP_READS: ReadonlySet<string> = new Set(['c', 'x']);
const ROOT = 'bl/';
/** `bl/`, a fleet of 63, a shard, a link of 63 with `.teleop`, one letter: 144; no more is ever needed. */
const TOPIC_MAX_CHARACTERS = 256;

/** `topic` without wildcards. */
export function mayPublish(identity: MqttIdentity, topic: string): boolean {
  if (topic.length > TOPIC_MAX_CHARACTERS || /[+#\0]/.test(topic)) return false;
  if (identity.role === 'bridge') return topic.startsWith(ROOT);
  const writes = identity.role === 'teleop' ? TELEOP_WRITES : LINK_WRITES;
  return isOwnTopic(identity.name, topic, writes, false);
}

/** A link may leave fleet and shard open (`+`), never its own name. */
export function maySubscribe(identity: MqttIdentity, filter: string): boolean {
  if (filter.length > TOPIC_MAX_CHARACTERS) return false;
  if (identity.role === 'bridge') return filter.startsWith(ROOT);
  const reads = identity.role === 'teleop' ? TELEOP_READS : LINK_READS;
  return isOwnTopic(identity.name, filter, reads, true);
}

/** The will of a link goes to `w` alone; a teleop connection has none. */
export function mayLeaveWill(identity: MqttIdentity, topic: string): boolean {
  if (identity.role === 'bridge') return mayPublish(identity, topic);
  return identity.role === 'link' && mayPublish(identity, topic) && topic.endsWith('/w');
}

function isOwnTopic(
  name: string,
  topic: string,
  leaves: ReadonlySet<string>,
  open: boolean,
): boolean {
  const [root, fleet = '', shard = '', link, leaf = '', ...more] = topic.split('/');
  if (root !== 'bl' || link !== name || !leaves.has(leaf) || more.length > 0) return false;
  return isLevel(fleet, FLEET, open) && isLevel(shard, SHARD, open);
}

function isLevel(level: string, form: RegExp, open: boolean): boolean {
  return form.test(level) || (open && level === '+');
}
