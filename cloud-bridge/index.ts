/** The bridge for programs that carry it inside: sessions with boards, their projection to Kubernetes objects, the trust
 * between them, and the embedded API and broker. The programs are `boardlet-bridge`, `boardlet-api`,
 * `boardlet-broker` and `boardctl`; the subpaths `/kube`, `/session`, `/projection`, `/trust`, `/broker` and
 * `/embedded-api` have everything. */
export { type Broker, type BrokerOptions, createBroker } from './broker/index.ts';
export {
  createEmbeddedApi,
  type EmbeddedApi,
  type EmbeddedApiOptions,
  writeKubeconfig,
} from './embedded-api/index.ts';
export { createKubeClient, type KubeClient, type KubeObject } from './kube/index.ts';
export { createProjection, type Projection, type ProjectionOptions } from './projection/index.ts';
export {
  type BridgeSessions,
  createSessionServer,
  type SessionServerOptions,
} from './session/index.ts';
export {
  createBindings,
  createEnrolment,
  createJoinServer,
  createJoinTokens,
  loadOrCreateAuthority,
} from './trust/index.ts';
