import type { Facts } from '../../../core/host.ts';
import { initialPressure, judgePressure } from '../../../core/pressure.ts';
import { androidFacts } from './android.ts';
import { linuxFacts } from './linux.ts';
import { type SystemFacts, toHostFacts } from './system.ts';
import { windowsFacts } from './windows.ts';

export interface FactsOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly clockTrusted: () => boolean;
  /** Default: by `process.platform`. */
  readonly system?: SystemFacts;
}

/** What this operating system tells; anything but Windows and Android is asked in Linux' way, and says less elsewhere. */
function systemFacts(): SystemFacts {
  if (process.platform === 'win32') return windowsFacts();
  if (process.platform === 'android') return androidFacts();
  return linuxFacts();
}

export function createFacts(options: FactsOptions): Facts {
  const system = options.system ?? systemFacts();
  let pressure = initialPressure;
  return {
    read: () => toHostFacts(system, options),
    sample: () => system.sample(options.dataDir),
    conditions: (sample) => {
      const judged = judgePressure(pressure, sample);
      pressure = judged.state;
      return judged.conditions;
    },
  };
}
