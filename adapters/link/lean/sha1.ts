/** SHA-1 (FIPS 180-4 §6.1.2) and base64 (RFC 4648), for the WebSocket handshake alone: there it only proves
 * that the answer comes from a WebSocket server (RFC 6455 §1.3). Not for security. */
export function sha1(message: Uint8Array): Uint8Array {
  const words = padded(message);
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  const schedule = new Int32Array(80);
  for (let block = 0; block < words.length; block += 16) {
    schedule.set(words.subarray(block, block + 16));
    mix(state, schedule);
  }
  const digest = new Uint8Array(20);
  state.forEach((word, i) => {
    for (let byte = 0; byte < 4; byte++) digest[4 * i + byte] = word >>> (24 - 8 * byte);
  });
  return digest;
}

function padded(message: Uint8Array): Int32Array {
  const words = new Int32Array(16 * Math.ceil((message.length + 9) / 64));
  message.forEach((byte, i) => {
    words[i >> 2] = (words[i >> 2] ?? 0) | (byte << (24 - 8 * (i & 3)));
  });
  const end = message.length >> 2;
  words[end] = (words[end] ?? 0) | (0x80 << (24 - 8 * (message.length & 3)));
  words[words.length - 1] = 8 * message.length;
  return words;
}

function mix(state: Int32Array, w: Int32Array): void {
  for (let t = 16; t < 80; t++)
    w[t] = rotate(at(w, t - 3) ^ at(w, t - 8) ^ at(w, t - 14) ^ at(w, t - 16), 1);
  let [a, b, c, d, e] = [at(state, 0), at(state, 1), at(state, 2), at(state, 3), at(state, 4)];
  for (let t = 0; t < 80; t++) {
    const next = (rotate(a, 5) + choose(t, b, c, d) + e + at(w, t)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  [a, b, c, d, e].forEach((word, i) => {
    state[i] = at(state, i) + word;
  });
}

function choose(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function at(words: Int32Array, index: number): number {
  return words[index] ?? 0;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const missing = Math.max(0, i + 3 - bytes.length);
    for (let part = 0; part < 4; part++)
      text += part < 4 - missing ? ALPHABET.charAt((group >> (18 - 6 * part)) & 63) : '=';
  }
  return text;
}
