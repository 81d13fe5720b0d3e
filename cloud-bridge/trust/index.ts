/** The bridge's trust: its CA, join tokens, bindings of boards to links, and the join endpoint. */
export { loadOrCreateAuthority } from './authority.ts';
export { createBindings } from './bindings.ts';
export {
  BINDING_LABEL,
  CLIENT_LIFETIME_S,
  JOIN_TOKEN_LABEL,
  SERVER_LIFETIME_S,
  SYSTEM_NAMESPACE,
} from './constants.ts';
export type * from './contract.ts';
export { createEnrolment } from './enrolment.ts';
export { publishJoinInfo, readJoinInfo } from './join-info.ts';
export { createJoinServer } from './join-server.ts';
export { createJoinTokens } from './join-tokens.ts';
export { identityOf, isBoardId, isLinkId, isOwnName, type MqttIdentity } from './names.ts';
