import type { LinkOptions, PausableLink } from '../link.ts';
import { createReconnectingLink } from '../reconnecting-link.ts';
import { Connection } from './connection.ts';
import type { LinkHost } from './sockets.ts';

export interface LeanLinkOptions extends LinkOptions, LinkHost {}

/** MQTT 5 and 3.1.1 in little memory, over whatever sockets the host has: TCP, TLS, ws and wss. QoS 0 and 1,
 * clean sessions, no queue of its own beyond the socket's. The defaults of `inFlightLimit` and
 * `maxPacketBytes` are 16 and 66,560.
 * @throws BoardletError BL_LINK_OPTIONS for options that can never work
 * @see MQTT 5.0 and 3.1.1, OASIS standards; RFC 6455 */
export function createLeanLink(options: LeanLinkOptions): PausableLink {
  return createReconnectingLink({
    options,
    after: (delayMs, fire) => options.timers.after(delayMs, fire),
    nowMs: () => options.clock.monotonicMs(),
    random: () => unitInterval(options.random(4)),
    connect: (attempt, events) => {
      const connection = new Connection(attempt.level, { options, host: options, events });
      connection.open(attempt.url);
      return connection;
    },
  });
}

function unitInterval(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = (value + byte) / 256;
  return value;
}
