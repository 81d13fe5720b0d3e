/** The kubelet endpoint: what the API server asks of a node, answered by its board. */
export {
  createKubeletEndpoint,
  type KubeletEndpoint,
  type KubeletEndpointOptions,
} from './endpoint.ts';
export { type LogRequest, parseLogRequest } from './log-request.ts';
