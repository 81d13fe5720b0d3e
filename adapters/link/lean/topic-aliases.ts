/** Aliases for published topics (MQTT 5 §3.3.2.3.4): the first come keep theirs for the connection's life,
 * since a link publishes to a handful of topics. */
export interface TopicAliases {
  /** 0: send the topic alone. `known`: the alias suffices. */
  readonly use: (topic: string) => { readonly alias: number; readonly known: boolean };
}

/** A link has five topics of its own (u, j, s, w, t). */
export const ALIASES_WANTED = 8;

const NO_ALIAS = { alias: 0, known: false };

export function createTopicAliases(brokerMaximum: number): TopicAliases {
  const limit = Math.min(brokerMaximum, ALIASES_WANTED);
  const known = new Map<string, { readonly alias: number; readonly known: true }>();
  return {
    use: (topic) => {
      const entry = known.get(topic);
      if (entry !== undefined) return entry;
      if (known.size >= limit) return NO_ALIAS;
      const alias = known.size + 1;
      known.set(topic, { alias, known: true });
      return { alias, known: false };
    },
  };
}
