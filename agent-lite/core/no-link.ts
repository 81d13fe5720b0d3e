/** The link of a board that has no broker: static pods and what is stored run, and nothing is ever sent. */
import type { Link } from '@boardlet/adapters/link';

export const noLink: Link = {
  start: () => undefined,
  publish: () => false,
  connected: () => false,
  reconnect: () => undefined,
  close: () => undefined,
};
