/** Counts MQTT packets in a byte stream by their fixed headers (MQTT 3.1.1 §2.2) without holding any of their bytes:
 * what is too long is known from its first five bytes. Pure. */
export type MeterResult =
  | { readonly ok: true; readonly packets: number }
  | { readonly ok: false; readonly code: 'BL_BROKER_TOO_LARGE' | 'BL_BROKER_NOT_MQTT' };

export interface PacketMeter {
  /** `limit`: the longest packet allowed to begin in these bytes. */
  readonly feed: (bytes: Uint8Array, limit: number) => MeterResult;
}

const CONNECT = 1;
const LENGTH_BYTES_MAX = 4;

export function createPacketMeter(): PacketMeter {
  let left = 0;
  let length = 0;
  let lengthBytes = -1;
  let first = true;

  /** Takes a byte of a fixed header; answers whether the header ended with it, or what is wrong. */
  const header = (byte: number): boolean | 'BL_BROKER_NOT_MQTT' => {
    if (lengthBytes < 0) {
      if (first && byte >> 4 !== CONNECT) return 'BL_BROKER_NOT_MQTT';
      first = false;
      length = 0;
      lengthBytes = 0;
      return false;
    }
    length += (byte & 0x7f) * 128 ** lengthBytes;
    lengthBytes += 1;
    if (byte < 0x80) return true;
    return lengthBytes >= LENGTH_BYTES_MAX ? 'BL_BROKER_NOT_MQTT' : false;
  };

  return {
    feed: (bytes, limit) => {
      let packets = 0;
      let at = 0;
      while (at < bytes.length) {
        if (left > 0) {
          const step = Math.min(left, bytes.length - at);
          left -= step;
          at += step;
          continue;
        }
        const ended = header(bytes[at] ?? 0);
        at += 1;
        if (typeof ended === 'string') return { ok: false, code: ended };
        if (!ended) continue;
        if (1 + lengthBytes + length > limit) return { ok: false, code: 'BL_BROKER_TOO_LARGE' };
        lengthBytes = -1;
        left = length;
        packets += 1;
      }
      return { ok: true, packets };
    },
  };
}
