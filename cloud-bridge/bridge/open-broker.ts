/** A broker that lets strangers in lets anybody be a board: the bridge does not serve over one (design: trust from the
 * first day). Tried from outside, as a stranger would: with the CA, and without any certificate. */
import { randomBytes } from 'node:crypto';
import { LINK_CODES, type Link } from '@boardlet/adapters/link';
import { createMqttLink } from '@boardlet/adapters/link/mqtt';

export type Door = 'open' | 'closed' | 'away';

/** A broker that says nothing for so long is taken for away. */
const PATIENCE_MS = 5_000;

/** `open`: a client without a certificate was let in. `away`: nothing can be said yet. */
export function tryDoor(url: string, ca: string): Promise<Door> {
  return new Promise((resolve) => {
    let link: Link | undefined;
    const settle = (door: Door): void => {
      clearTimeout(timer);
      link?.close();
      resolve(door);
    };
    const timer = setTimeout(() => settle('away'), PATIENCE_MS);
    link = createMqttLink({
      urls: [url],
      clientId: `stranger-${randomBytes(6).toString('hex')}`,
      protocol: 'auto',
      keepAliveS: 10,
      subscriptions: [],
      will: () => undefined,
      tls: { ca },
      handlers: {
        onUp: () => settle('open'),
        onDown: (code) => settle(code === LINK_CODES.unreachable ? 'away' : 'closed'),
        onMessage: () => undefined,
        onDrain: () => undefined,
      },
    });
    link.start();
  });
}
