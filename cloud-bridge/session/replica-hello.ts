/** Greetings of links, and what is said to a link beside its sets (docs/protocol.md §5, G2, G5, V1). */
import { BIRTH_KEYS, type Birth, LIMITS, REFUSE_CODES } from '@boardlet/adapters/wire';
import { draw, type Greeting, notice, publish, type ReplicaState } from './replica-state.ts';

/** Greetings under way at once: late messages of dead tags must not push out the real one. */
const GREETINGS = 4;
/** "At most once a beat", with room for jitter of the beats themselves. */
export const BEAT_SHARE = 0.8;
/** G5: greeted anew before a seq passes `LIMITS.reGreetSeq`. */
const REGREET_SEQ = LIMITS.reGreetSeq - 4096;
const START_KEYS =
  (1 << BIRTH_KEYS.versions) |
  (1 << BIRTH_KEYS.realm) |
  (1 << BIRTH_KEYS.boards) |
  (1 << BIRTH_KEYS.maxMessage) |
  (1 << BIRTH_KEYS.kindsRead);

/** L2, G2: counts as a sign of life once greeted; the hello waits for a Lease read. */
export function wantGreeting(state: ReplicaState, tag: number): void {
  const known = state.greetings.find((g) => g.echo === tag);
  if (known !== undefined && state.now - known.sentAt < state.beatMs * BEAT_SHARE) return;
  if (state.options.rules?.leaseRead === false) greet(state, tag);
  else state.out.push({ type: 'lease-read', tag });
}

/** The Lease read shows us as holder: say hello, the same again for the same echo. */
export function greet(state: ReplicaState, tag: number): void {
  if (state.greetings.some((g) => g.ses === tag)) return;
  let greeting = state.greetings.find((g) => g.echo === tag);
  if (greeting === undefined) {
    greeting = {
      echo: tag,
      ses: draw(state),
      sentAt: 0,
      seq: 0,
      askedAt: Number.NEGATIVE_INFINITY,
      birth: state.seenBirths.get(tag),
      parts: [],
    };
    state.greetings.push(greeting);
    if (state.greetings.length > GREETINGS) state.greetings.shift();
  }
  greeting.sentAt = state.now;
  state.lastBeatAt = state.now;
  sendHello(state, greeting);
}

function sendHello(state: ReplicaState, greeting: Greeting): void {
  const { options } = state;
  const version = pickVersion(state, greeting);
  if (version === undefined) {
    noticeLink(
      state,
      greeting.birth,
      'VersionUnknown',
      'the link speaks no protocol version known here',
    );
    return;
  }
  const known = greeting.echo === state.session?.tag && state.facts !== undefined;
  state.counters.hellos++;
  publish(state, 'd', 1, {
    type: 'hello',
    echo: greeting.echo,
    ses: greeting.ses,
    version,
    realm: options.realm,
    beatS: options.beatS,
    paceMs: state.paceMs,
    maxMessage: options.maxMessage,
    kindsRead: options.kindsRead,
    unixMs: Math.max(0, Math.round(options.unixMs())),
    ...(!known && greeting.birth === undefined && { want: START_KEYS }),
  });
}

/** V1: the highest common version; without a birth in hand the current one. */
function pickVersion(state: ReplicaState, greeting: Greeting): number | undefined {
  const theirs = greeting.birth?.versions;
  if (theirs === undefined) return state.options.versions[0];
  return state.options.versions.find((version) => theirs.includes(version));
}

function noticeLink(
  state: ReplicaState,
  birth: Birth | undefined,
  reason: string,
  message: string,
): void {
  const ids = birth?.boards?.map((board) => board.id) ?? [...state.known.keys()];
  for (const id of ids) if (state.options.entitled(id)) notice(state, id, reason, message);
}

export function noticeRefusedHello(state: ReplicaState, code: number): void {
  const reason = code === REFUSE_CODES.realm ? 'RealmRefused' : 'VersionRefused';
  noticeLink(state, undefined, reason, `link ${state.options.link} refused the greeting`);
}

/** Parts have consecutive seqs; anything else starts over. */
export function joinParts(parts: readonly Birth[], part: Birth): Birth[] {
  const last = parts.at(-1);
  if (last === undefined || last.more !== true || last.seq + 1 !== part.seq) return [part];
  return parts.length >= LIMITS.boardsPerLink ? [part] : [...parts, part];
}

/** G5, R5: a new session of a link that is in one. */
export function regreet(state: ReplicaState): void {
  const { session } = state;
  if (session === undefined) return;
  if (state.now - state.regreetAskedAt < state.beatMs * BEAT_SHARE) return;
  state.regreetAskedAt = state.now;
  wantGreeting(state, session.tag);
}

export function regreetWhenDue(state: ReplicaState): void {
  const { session } = state;
  if (session === undefined) return;
  const old = state.now - session.startedAt >= LIMITS.reGreetMs;
  if (state.adoptDue || old || session.useq >= REGREET_SEQ || session.dseq >= REGREET_SEQ)
    regreet(state);
}

/** The table lost a board's name: a part of a birth went missing. Greeted anew, with the table asked for. */
export function forgetFacts(state: ReplicaState): void {
  state.facts = undefined;
  regreet(state);
}
