import { test } from 'uvu';
import { startAedes } from './aedes-broker.ts';
import { createBrokerHarness } from './broker-harness.ts';
import { makeCertificates } from './certificates.ts';
import { defineLinkContract } from './suite.ts';
import { defineRefusalContract } from './suite-refusals.ts';

const certificates = makeCertificates('contract');
const broker = await startAedes(certificates);

for (const transport of broker.transports)
  defineLinkContract(
    test,
    createBrokerHarness({
      implementation: 'lean',
      broker,
      certificates,
      transport,
      protocol: 'auto',
    }),
  );
defineRefusalContract(test, { implementation: 'lean', broker, certificates });

test.after(async () => {
  await broker.stop();
  certificates.remove();
});
test.run();
