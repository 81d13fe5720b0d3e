/** Whether a CONNECT may stand, by the certificate's name alone. Pure. */
import { identityOf, type MqttIdentity } from '../trust/names.ts';
import { mayLeaveWill } from './acl.ts';
import type { Peer } from './listeners.ts';

/** MQTT 3.1.1 §3.2.2.3. */
export const RETURN_CODE = {
  identifierRejected: 2,
  unavailable: 3,
  badUser: 4,
  notAuthorized: 5,
} as const;

export interface ConnectFacts {
  readonly clientId: string;
  readonly username?: string;
  readonly clean: boolean;
  readonly will?: { readonly topic: string; readonly retain?: boolean; readonly qos?: number };
}
export type Admission =
  | { readonly ok: true; readonly identity: MqttIdentity }
  | { readonly ok: false; readonly reason: string; readonly returnCode: 2 | 3 | 4 | 5 };

/** The certificate's CN, the user name (where one is sent) and the client id are one and the same name. */
export function judgeConnect(peer: Peer, connect: ConnectFacts): Admission {
  const name = peer.verified ? peer.cn : (connect.username ?? connect.clientId);
  const identity = identityOf(name);
  if (identity === undefined) return refuse('no-such-role', RETURN_CODE.notAuthorized);
  if (connect.clientId !== identity.name) {
    return refuse('client-id-is-not-the-certificates', RETURN_CODE.identifierRejected);
  }
  if (connect.username !== undefined && connect.username !== identity.name) {
    return refuse('user-is-not-the-certificates', RETURN_CODE.badUser);
  }
  if (!connect.clean) return refuse('session-is-not-clean', RETURN_CODE.notAuthorized);
  const { will } = connect;
  if (will !== undefined && (will.retain === true || will.qos === 2)) {
    return refuse('will-is-retained-or-qos-2', RETURN_CODE.notAuthorized);
  }
  if (will !== undefined && !mayLeaveWill(identity, will.topic)) {
    return refuse('will-topic-is-not-its-own', RETURN_CODE.notAuthorized);
  }
  return { ok: true, identity };
}

function refuse(reason: string, returnCode: 2 | 3 | 4 | 5): Admission {
  return { ok: false, reason, returnCode };
}
