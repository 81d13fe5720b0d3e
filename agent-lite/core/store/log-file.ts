/** The file that is being appended to, and its replacement by a snapshot and an empty log. */
import type { AppendFile, HostResult } from '../host.ts';
import type { Content } from './content.ts';
import {
  logPath,
  type Recovered,
  removeOlder,
  type StoreFiles,
  snapshotPath,
} from './generations.ts';
import { encodeSnapshot } from './records.ts';

type Done = (result: HostResult<void>) => void;
const DONE: HostResult<void> = { ok: true, value: undefined };

export interface LogFileStats {
  readonly bytesWritten: number;
  readonly syncs: number;
  readonly compactions: number;
  readonly logBytes: number;
}

export class LogFile {
  readonly #at: StoreFiles;
  #generation: number;
  #file: AppendFile | undefined;
  /** Length of the whole records: what a failed write is cut back to. */
  #logBytes: number;
  #snapshotBytes: number;
  #unsynced = false;
  /** After a failed fsync nobody knows which pages reached the disk (fsync(2), EIO): only new files are sure. */
  #rewrite: boolean;
  #bytesWritten = 0;
  #syncs = 0;
  #compactions = 0;

  constructor(at: StoreFiles, recovered: Recovered) {
    this.#at = at;
    this.#generation = recovered.generation;
    this.#logBytes = recovered.logBytes;
    this.#snapshotBytes = recovered.snapshotBytes;
    this.#rewrite = recovered.damaged;
  }

  /** Records to be written are encoded for it; `prepare` may change it. */
  get generation(): number {
    return this.#generation;
  }

  /** Opens the log for the next write; first cuts off what a failed one left, or starts anew where that is not enough. */
  prepare(content: Content): HostResult<void> {
    if (this.#file !== undefined) return DONE;
    // The damaged log ends before a gap: its length says nothing of this generation's file.
    if (this.#rewrite) return this.compact(content);
    const cut = this.#cutBack();
    if (!cut.ok) return cut;
    return this.#open();
  }

  #cutBack(): HostResult<void> {
    const path = logPath(this.#at.folder, this.#generation);
    const size = this.#at.files.size(path);
    if (!size.ok) return size.code === 'BL_HOST_NOT_FOUND' ? DONE : size;
    if (size.value <= this.#logBytes) return DONE;
    return this.#at.files.truncate(path, this.#logBytes);
  }

  #open(): HostResult<void> {
    const opened = this.#at.files.openAppend(logPath(this.#at.folder, this.#generation));
    if (!opened.ok) return opened;
    this.#file = opened.value;
    return DONE;
  }

  /** After `prepare`. With no bytes and `sync` it makes earlier writes durable. */
  write(bytes: Uint8Array, sync: boolean, done: Done): void {
    const file = this.#file;
    if (file === undefined)
      done({ ok: false, code: 'BL_STORE_NOT_LOADED', message: 'prepare() comes first' });
    else if (bytes.length === 0) this.#afterAppend(file, 0, sync, done);
    else
      file.append(bytes, (result) => {
        if (result.ok) this.#afterAppend(file, bytes.length, sync, done);
        else {
          this.#drop(file);
          done(result);
        }
      });
  }

  #afterAppend(file: AppendFile, size: number, sync: boolean, done: Done): void {
    this.#bytesWritten += size;
    this.#unsynced ||= size > 0;
    if (sync && this.#unsynced) this.#sync(file, size, done);
    else {
      this.#logBytes += size;
      done(DONE);
    }
  }

  #sync(file: AppendFile, size: number, done: Done): void {
    this.#syncs += 1;
    file.sync((result) => {
      if (result.ok) {
        this.#logBytes += size;
        this.#unsynced = false;
      } else {
        this.#rewrite = true;
        this.#drop(file);
      }
      done(result);
    });
  }

  #drop(file: AppendFile): void {
    file.close();
    this.#file = undefined;
  }

  /** Bytes on disk that no snapshot would hold. */
  deadBytes(liveBytes: number): number {
    return this.#snapshotBytes + this.#logBytes - liveBytes;
  }

  /** Writes all content as the next generation's snapshot and goes on in its log. On failure all stays as it was. */
  compact(content: Content): HostResult<void> {
    const next = this.#generation + 1;
    const bytes = encodeSnapshot(content.entries(), next);
    const written = this.#at.files.replace(snapshotPath(this.#at.folder, next), bytes);
    if (!written.ok) return written;
    if (this.#file !== undefined) this.#drop(this.#file);
    // What a failed fsync left in the old log must not come back should the new snapshot ever be damaged.
    if (this.#rewrite) this.#cutBack();
    this.#rewrite = false;
    this.#generation = next;
    this.#logBytes = 0;
    this.#snapshotBytes = bytes.length;
    this.#unsynced = false;
    this.#bytesWritten += bytes.length;
    this.#compactions += 1;
    removeOlder(this.#at, next);
    return this.#open();
  }

  close(done: Done): void {
    const file = this.#file;
    if (file === undefined) {
      done(DONE);
      return;
    }
    this.write(new Uint8Array(0), true, (result) => {
      // Already dropped after a failed fsync.
      if (this.#file === file) this.#drop(file);
      done(result);
    });
  }

  stats(): LogFileStats {
    return {
      bytesWritten: this.#bytesWritten,
      syncs: this.#syncs,
      compactions: this.#compactions,
      logBytes: this.#logBytes,
    };
  }
}
