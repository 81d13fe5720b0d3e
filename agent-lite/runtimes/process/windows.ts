/** Windows has neither process groups that TERM reaches, nor /proc, nor FIFOs: a shim there is to hold its pod in a Job Object
 * (JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE), to listen on a named pipe, and to stop a program by CTRL_BREAK_EVENT. None of that can be
 * reached from Node without native code, so it belongs to the native host. */
import { BoardletError } from '@boardlet/adapters/wire';

/** Always throws `BL_RUNTIME_UNSUPPORTED`. */
export function createWindowsProcessRuntime(): never {
  throw new BoardletError(
    'BL_RUNTIME_UNSUPPORTED',
    'the process runtime does not run on Windows yet: it needs Job Objects',
  );
}
