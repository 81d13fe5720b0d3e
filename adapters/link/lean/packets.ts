/** MQTT control packet types in the upper half of a packet's first byte (MQTT 5 §2.1.2). */
export const PACKET = {
  connack: 2,
  publish: 3,
  puback: 4,
  suback: 9,
  pingresp: 13,
  disconnect: 14,
} as const;

export const PROPERTY = {
  sessionExpiry: 0x11,
  serverKeepAlive: 0x13,
  willDelay: 0x18,
  reasonString: 0x1f,
  receiveMaximum: 0x21,
  topicAliasMaximum: 0x22,
  topicAlias: 0x23,
  maximumQos: 0x24,
  maximumPacketSize: 0x27,
} as const;

export type ProtocolLevel = 4 | 5;

/** MQTT 5 §2.4: reason codes from here on are failures. */
export const FIRST_FAILURE_CODE = 0x80;
/** Largest value of a variable byte integer (MQTT 5 §1.5.5). */
export const MAX_VARINT = 268_435_455;

/** True for a first byte that a server may send: a type for clients, with just the flags of MQTT 5 §2.1.3. */
export function isServerHead(head: number): boolean {
  switch (head >> 4) {
    case PACKET.publish:
      return (head & 0x06) !== 0x06;
    case PACKET.connack:
    case PACKET.puback:
    case PACKET.suback:
    case PACKET.pingresp:
    case PACKET.disconnect:
      return (head & 0x0f) === 0;
    default:
      return false;
  }
}
