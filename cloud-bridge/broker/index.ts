/** boardlet's embedded MQTT broker: aedes behind mutual TLS, with rights by certificate name. */
export { mayPublish, maySubscribe } from './acl.ts';
export { createBroker } from './broker.ts';
export type * from './contract.ts';
export { DEFAULT_LIMITS } from './limits.ts';
