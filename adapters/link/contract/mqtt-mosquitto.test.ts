import { test } from 'uvu';
import { createBrokerHarness } from './broker-harness.ts';
import { makeCertificates } from './certificates.ts';
import { haveMosquitto, startMosquitto } from './mosquitto-broker.ts';
import { defineLinkContract } from './suite.ts';
import { defineRefusalContract } from './suite-refusals.ts';

if (!haveMosquitto()) {
  console.log('NOT RUN: mosquitto missing');
  process.exit(0);
}
const certificates = makeCertificates('contract');
const broker = await startMosquitto(certificates);

for (const transport of broker.transports)
  for (const protocol of [4, 'auto'] as const)
    defineLinkContract(
      test,
      createBrokerHarness({ implementation: 'mqtt', broker, certificates, transport, protocol }),
    );
defineRefusalContract(test, { implementation: 'mqtt', broker, certificates });

test.after(async () => {
  await broker.stop();
  certificates.remove();
});
test.run();
