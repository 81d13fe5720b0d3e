/** Entry of the `boardctl` command. */
import { runBoardctl } from '../boardctl/index.ts';
import { VERSION } from '../boardctl/version.ts';

process.exitCode = await runBoardctl(process.argv.slice(2), {
  // Loaded only by commands that talk to a cluster.
  openKube: async (kubeconfig) => {
    const { createKubeClient } = await import('../kube/index.ts');
    return createKubeClient(kubeconfig === undefined ? {} : { kubeconfig });
  },
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  isTty: process.stdout.isTTY === true,
  now: Date.now,
  version: VERSION,
});
