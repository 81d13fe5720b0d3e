/** `node --import tsx test/kubectl/build.ts`: makes sure that the tests' kubectl is there; prints its path. */
import { ensureKubectl } from './kubectl.ts';

const path = await ensureKubectl();
if (path === undefined) {
  console.error('no kubectl: set KUBECTL, or install Go to have it built');
  process.exit(69);
}
console.log(path);
