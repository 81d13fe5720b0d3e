/** Set by the build (esbuild `define`); from source they fall back. */
declare const BOARDLET_VERSION: string;
declare const BOARDLET_BUILD_MS: number;

export const VERSION: string =
  typeof BOARDLET_VERSION === 'string' ? BOARDLET_VERSION : '0.0.0-source';
/** Unix ms of the build: no board's clock shows less. */
export const BUILD_UNIX_MS: number = typeof BOARDLET_BUILD_MS === 'number' ? BOARDLET_BUILD_MS : 0;
