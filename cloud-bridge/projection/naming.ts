/** Names of boards' Nodes. */
import type { Naming } from './contract.ts';
import { isSubdomain } from './text.ts';

/** Node `<fleet>-<board>`, providerID `boardlet://<fleet>/<board>`: another scheme than any cloud's, whose controllers delete
 * NotReady Nodes that they do not know. */
export function createNaming(fleet: string): Naming {
  const prefix = `${fleet}-`;
  return {
    fleet,
    nodeOf: (board) => `${prefix}${board}`,
    boardOf: (node) => {
      if (!node.startsWith(prefix) || node.length === prefix.length) return undefined;
      return isSubdomain(node) ? node.slice(prefix.length) : undefined;
    },
    providerIdOf: (board) => `boardlet://${fleet}/${board}`,
  };
}
