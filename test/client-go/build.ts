/** `node --import tsx test/client-go/build.ts`: makes sure that the client-go program of the tests is there; prints its path. */
import { ensureClientGo } from './client-go.ts';

const LIMIT_MS = 900_000;

const path = await ensureClientGo(LIMIT_MS);
if (path === undefined) {
  console.error('no client-go program: install Go to have it built');
  process.exit(69);
}
console.log(path);
