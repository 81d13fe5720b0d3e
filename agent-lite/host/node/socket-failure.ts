const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'BL_HOST_REFUSED',
  ETIMEDOUT: 'BL_HOST_TIMEOUT',
  ENOTFOUND: 'BL_HOST_NAME',
  EAI_AGAIN: 'BL_HOST_NAME',
  EACCES: 'BL_HOST_DENIED',
  EPERM: 'BL_HOST_DENIED',
};
/** Node's and OpenSSL's names for what goes wrong in TLS. */
const TLS_CODES =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

/** The `BL_HOST_*` code for an error of `node:net` or `node:tls`. */
export function socketFailure(error: unknown): { readonly code: string; readonly detail: string } {
  if (!(error instanceof Error)) return { code: 'BL_HOST_IO', detail: String(error) };
  const system = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const code = TLS_CODES.test(system) ? 'BL_HOST_TLS' : (CODES[system] ?? 'BL_HOST_IO');
  return { code, detail: error.message === '' ? system : error.message };
}
