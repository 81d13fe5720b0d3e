/** QoS 1 messages without PUBACK, by packet identifier (MQTT 5 §2.2.1), bounded. */
export interface AckWindow {
  /** A free identifier, 1–65,535; 0 when the window is full. `beyondLimit` is for a last message. */
  readonly take: (done: ((ok: boolean) => void) | undefined, beyondLimit?: boolean) => number;
  /** Calls `done`; false for an identifier that is not in flight. */
  readonly settle: (packetId: number, ok: boolean) => boolean;
  /** Calls every `done` with false. */
  readonly abandon: () => void;
}

export function createAckWindow(limit: number): AckWindow {
  const pending = new Map<number, ((ok: boolean) => void) | undefined>();
  let lastId = 0;
  return {
    take: (done, beyondLimit = false) => {
      if (pending.size >= limit && !beyondLimit) return 0;
      do lastId = (lastId % 65_535) + 1;
      while (pending.has(lastId));
      pending.set(lastId, done);
      return lastId;
    },
    settle: (packetId, ok) => {
      const done = pending.get(packetId);
      if (!pending.delete(packetId)) return false;
      done?.(ok);
      return true;
    },
    abandon: () => {
      const dropped = [...pending.values()];
      pending.clear();
      for (const done of dropped) done?.(false);
    },
  };
}
