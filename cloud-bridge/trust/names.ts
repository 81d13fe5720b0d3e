/** Names that certificates carry. A link id is a DNS label, so one with a dot can only be one of our own. */
const LINK_ID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const OWN_NAME = /^(bridge|api|broker)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;
const TELEOP_SUFFIX = '.teleop';

/** Board and link ids have the same form: RFC 1123 label, at most 63 characters. */
export function isLinkId(name: unknown): name is string {
  return typeof name === 'string' && LINK_ID.test(name);
}
export const isBoardId: (name: unknown) => name is string = isLinkId;

/** `bridge.<name>`, `api.<name>` or `broker.<name>`, never ending in `.teleop`. */
export function isOwnName(name: string): boolean {
  return name.length <= 64 && OWN_NAME.test(name) && !name.endsWith(TELEOP_SUFFIX);
}

export type MqttIdentity =
  | { readonly role: 'link'; readonly name: string; readonly link: string }
  | { readonly role: 'teleop'; readonly name: string; readonly link: string }
  | { readonly role: 'bridge'; readonly name: string };

/** What a certificate's CN may be on MQTT; undefined: nothing. */
export function identityOf(cn: unknown): MqttIdentity | undefined {
  if (isLinkId(cn)) return { role: 'link', name: cn, link: cn };
  if (typeof cn !== 'string') return undefined;
  if (cn.endsWith(TELEOP_SUFFIX)) {
    const link = cn.slice(0, -TELEOP_SUFFIX.length);
    return isLinkId(link) ? { role: 'teleop', name: cn, link } : undefined;
  }
  return cn.startsWith('bridge.') && isOwnName(cn) ? { role: 'bridge', name: cn } : undefined;
}

/** A board that a gateway with this prefix may bring. */
export function isUnderPrefix(board: string, prefix: string): boolean {
  return board === prefix || board.startsWith(`${prefix}-`);
}
