import { LINK_CODES } from '../link.ts';
import type { ProtocolLevel } from './packets.ts';

export interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly versionRefused: boolean;
}

/** MQTT 3.1.1 §3.2.2.3, table 3.1. */
const CODES_3: Readonly<Record<number, readonly [string, string]>> = {
  1: [LINK_CODES.version, 'unacceptable protocol version'],
  2: [LINK_CODES.credentials, 'client identifier rejected'],
  3: [LINK_CODES.busy, 'server unavailable'],
  4: [LINK_CODES.credentials, 'bad user name or password'],
  5: [LINK_CODES.credentials, 'not authorized'],
};

/** MQTT 5 §2.4, those of CONNACK and of a server's DISCONNECT that mean something of their own here. */
const CODES_5: Readonly<Record<number, readonly [string, string]>> = {
  129: [LINK_CODES.protocol, 'malformed packet'],
  130: [LINK_CODES.protocol, 'protocol error'],
  132: [LINK_CODES.version, 'unsupported protocol version'],
  133: [LINK_CODES.credentials, 'client identifier not valid'],
  134: [LINK_CODES.credentials, 'bad user name or password'],
  135: [LINK_CODES.credentials, 'not authorized'],
  136: [LINK_CODES.busy, 'server unavailable'],
  137: [LINK_CODES.busy, 'server busy'],
  138: [LINK_CODES.credentials, 'banned'],
  139: [LINK_CODES.busy, 'server shutting down'],
  141: [LINK_CODES.peerDead, 'keep alive timeout'],
  142: [LINK_CODES.takenOver, 'session taken over'],
  149: [LINK_CODES.tooLarge, 'packet too large'],
  151: [LINK_CODES.busy, 'quota exceeded'],
  156: [LINK_CODES.busy, 'use another server'],
  159: [LINK_CODES.busy, 'connection rate exceeded'],
};

/** The codes of 3.1.1 below 0x80 also come in answer to an MQTT 5 CONNECT (MQTT 5 §3.1.2.2). */
export function refusal(code: number, level: ProtocolLevel, reason?: string): Refusal {
  const entry = (level === 5 ? CODES_5[code] : undefined) ?? CODES_3[code];
  const text = entry?.[1] ?? `code ${code}`;
  return {
    code: entry?.[0] ?? LINK_CODES.refused,
    detail: reason === undefined || reason === '' ? text : `${text}: ${reason}`,
    versionRefused: entry?.[0] === LINK_CODES.version,
  };
}
