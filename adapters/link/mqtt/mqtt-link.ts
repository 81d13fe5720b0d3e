import type { LinkOptions, PausableLink } from '../link.ts';
import { createReconnectingLink } from '../reconnecting-link.ts';
import { connectMqtt } from './mqtt-connection.ts';

/** MQTT 5 and 3.1.1 by the npm package `mqtt`, an optional peer that is imported on the first connect: for the
 * bridge and for programs with room. No offline queue; `inFlightLimit` is 400 unless given.
 * A missing package is told by `onDown` with BL_LINK_MISSING_PEER.
 * @throws BoardletError BL_LINK_OPTIONS for options that can never work */
export function createMqttLink(options: LinkOptions): PausableLink {
  return createReconnectingLink({
    options,
    after: (delayMs, fire) => {
      const timer = setTimeout(fire, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    nowMs: () => performance.now(),
    random: Math.random,
    connect: (attempt, events) => connectMqtt(attempt, options, events),
    finalCodes: ['BL_LINK_MISSING_PEER'],
  });
}
