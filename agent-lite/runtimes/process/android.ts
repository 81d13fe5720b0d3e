/** Android is a Linux to this runtime, but for two things: since Android 10 an app may execute only files of its own APK (W^X,
 * targetSdk 29), and since Android 12 the system kills child processes beyond 32 (phantom process killer), so a shim may be
 * lost at any time. Neither can be tried here; an agent under Termux or as root meets neither. */
import { BoardletError } from '@boardlet/adapters/wire';

/** Always throws `BL_RUNTIME_UNSUPPORTED`. */
export function createAndroidProcessRuntime(): never {
  throw new BoardletError(
    'BL_RUNTIME_UNSUPPORTED',
    'the process runtime is not offered to Android apps: they may run only programs of their own package',
  );
}
