import { type Body, createTopicReader, decodePublish, type Publish } from './decode.ts';
import type { ProtocolLevel } from './packets.ts';
import { ALIASES_WANTED } from './topic-aliases.ts';

/** Reads PUBLISH packets of one connection: topics are kept and aliases resolved. Undefined for a malformed one,
 * an alias that was never set, and QoS 2: subscriptions ask for QoS 1 at most [MQTT-3.8.4-8]. */
export function createPublishReader(
  level: ProtocolLevel,
): (head: number, body: Body) => Publish | undefined {
  const readTopic = createTopicReader();
  const aliases: string[] = [];
  return (head, body) => {
    const message = decodePublish(head, body, level, readTopic);
    if (message === undefined || message.qos === 2) return undefined;
    if (message.alias === 0) return message;
    if (message.alias > ALIASES_WANTED) return undefined;
    if (message.topic !== '') {
      aliases[message.alias] = message.topic;
      return message;
    }
    const topic = aliases[message.alias];
    return topic === undefined ? undefined : { ...message, topic };
  };
}
