/** Set by the build; run from source there is none. */
declare const BOARDLET_VERSION: string | undefined;

export const VERSION: string =
  typeof BOARDLET_VERSION === 'string' ? BOARDLET_VERSION : '0.0.0-source';
