export {
  DEFAULT_MAX_PACKET_BYTES,
  DEFAULT_WILL_DELAY_S,
  LINK_CODES,
  type Link,
  type LinkCapabilities,
  type LinkHandlers,
  type LinkOptions,
  type LinkTls,
  PACKET_OVERHEAD_BYTES,
  type PausableLink,
} from './link.ts';
