/** Fixed names and bounds of trust. */
export const SYSTEM_NAMESPACE = 'boardlet-system';
export const JOIN_TOKEN_LABEL = 'boardlet.dev/join-token';
export const BINDING_LABEL = 'boardlet.dev/binding';
export const LINK_LABEL = 'boardlet.dev/link';

/** A board's certificate: short, so that a stolen one dies by itself. */
export const CLIENT_LIFETIME_S: number = 24 * 3600;
export const SERVER_LIFETIME_S: number = 30 * 24 * 3600;
export const CA_LIFETIME_S: number = 10 * 365 * 24 * 3600;
/** Certificates start this much before now: boards' clocks are late by a little more often than by much. */
export const BACKDATE_S = 300;
/** And at most this part of their lifetime. */
export const BACKDATE_PART = 0.1;

export const TOKEN_TTL_S = 3600;
export const TOKEN_TTL_MIN_S = 60;
export const TOKEN_TTL_MAX_S: number = 7 * 24 * 3600;
export const GATEWAY_BOARDS_MAX = 256;
