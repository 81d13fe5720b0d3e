import { close, fdatasync, writev } from 'node:fs';
import type { AppendFile, HostResult } from '../../core/host.ts';
import { failure } from './host-error.ts';

type Done = (result: HostResult<void>) => void;
interface Write {
  readonly bytes: Uint8Array;
  readonly done: Done;
}
interface Sync {
  /** Count of the writes that it covers. */
  readonly after: number;
  readonly done: Done;
}
const DONE: HostResult<void> = { ok: true, value: undefined };
/** IOV_MAX on Linux (`getconf IOV_MAX`). */
const MOST_BUFFERS = 1024;

/** One write or fdatasync in flight at a time; what is asked meanwhile is joined into the next, so that many
 * commits share one fsync. After a failure every later call gets the same failure: the file may end in a part
 * of a record, and pages whose fsync failed may be gone from the cache (Rebello et al., USENIX ATC 2020);
 * the owner truncates and opens it anew. */
export function createAppendFile(fd: number): AppendFile {
  return new NodeAppendFile(fd);
}

class NodeAppendFile implements AppendFile {
  readonly #fd: number;
  #writes: Write[] = [];
  #syncs: Sync[] = [];
  #issued = 0;
  #written = 0;
  #busy = false;
  #closing = false;
  #failed: HostResult<void> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  append(bytes: Uint8Array, done: Done): void {
    if (this.#failed !== undefined) refuse(this.#failed, done);
    else {
      this.#issued += 1;
      this.#writes.push({ bytes, done });
      this.#next();
    }
  }

  sync(done: Done): void {
    if (this.#failed !== undefined) refuse(this.#failed, done);
    else {
      this.#syncs.push({ after: this.#issued, done });
      this.#next();
    }
  }

  close(): void {
    this.#closing = true;
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    const sync = this.#syncs[0];
    if (sync !== undefined && sync.after <= this.#written) this.#startSync();
    else if (this.#writes.length > 0) this.#startWrites();
    else if (this.#closing) this.#closeNow();
  }

  #startWrites(): void {
    this.#busy = true;
    const batch = this.#writes.slice(0, MOST_BUFFERS);
    this.#writes = this.#writes.slice(MOST_BUFFERS);
    this.#written += batch.length;
    const waiting = batch.map((write) => write.done);
    writeAll(
      this.#fd,
      batch.map((write) => write.bytes),
      (error) => this.#after(waiting, error),
    );
  }

  #startSync(): void {
    this.#busy = true;
    const covered = this.#syncs.filter((sync) => sync.after <= this.#written);
    this.#syncs = this.#syncs.slice(covered.length);
    const waiting = covered.map((sync) => sync.done);
    fdatasync(this.#fd, (error) => this.#after(waiting, error));
  }

  #after(waiting: readonly Done[], error: Error | null): void {
    this.#busy = false;
    if (error === null) for (const done of waiting) done(DONE);
    else this.#fail(error, waiting);
    this.#next();
  }

  #fail(error: Error, waiting: readonly Done[]): void {
    const failed = failure<void>(error);
    this.#failed = failed;
    const rest = [...this.#writes, ...this.#syncs].map(({ done }) => done);
    this.#writes = [];
    this.#syncs = [];
    for (const done of [...waiting, ...rest]) done(failed);
  }

  #closeNow(): void {
    this.#busy = true;
    // Nothing is lost by a failing close: whatever was promised has been synced before.
    close(this.#fd, () => undefined);
  }
}

/** A disk that is nearly full takes a part: the rest then fails with ENOSPC. */
function writeAll(
  fd: number,
  buffers: readonly Uint8Array[],
  done: (error: Error | null) => void,
): void {
  writev(fd, buffers, (error, count) => {
    const rest = error === null ? afterBytes(buffers, count) : [];
    if (rest.length === 0) done(error);
    else writeAll(fd, rest, done);
  });
}

/** Never inside the caller's own call, so that `done` always runs after `append` has returned. */
function refuse(result: HostResult<void>, done: Done): void {
  queueMicrotask(() => done(result));
}

/** What is left of `buffers` after `count` bytes were taken; empty buffers fall away. */
function afterBytes(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      rest.push(buffer.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}
