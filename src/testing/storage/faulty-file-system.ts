// A file system that fails on command, under the real disk workers: the real one, with faults in front.
// A worker thread loads this module by its URL (`FAULTY_FILE_SYSTEM`); the faults are plain data and shared memory.
import { dirname } from 'node:path';
import { type FileStatus, type FileSystem, NodeFileSystem, type OpenMode } from '../../host/disk/file-system.ts';

/** Indexes into `Faults.counts`. */
export const FAULT_CALLS = 0;
export const FAULT_OPEN_FILES = 1;
export const FAULT_OPEN_FILES_PEAK = 2;

export interface Faults {
  /** Errno name of the failure. Default EIO. */
  readonly errno?: string;
  /** The call that fails, counted from 1 over all that can fail; the next one works again. */
  readonly failCall?: number;
  /** From this call on, counted in the same way, every call fails: what is on disk is what kill -9 would have left. */
  readonly deadCall?: number;
  /** While the first integer of this shared memory is 1, every write fails. */
  readonly refuseWrites?: Int32Array;
  /** Every rename to another folder fails with EXDEV, as between file systems. */
  readonly manyDevices?: boolean;
  /** Most bytes that one read or write moves. */
  readonly bytesMax?: number;
  /** Most files open at once: beyond, opening fails with EMFILE. */
  readonly openFilesMax?: number;
  readonly freeBytes?: number;
  /** Shared memory of three integers that the file system counts in. */
  readonly counts?: Int32Array;
}

/** For `DiskPoolOptions.fileSystem`. */
export const FAULTY_FILE_SYSTEM: string = import.meta.url;

export function faultCounts(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(12));
}

export function makeFileSystem(options: unknown): FileSystem {
  return new FaultyFileSystem(options as Faults);
}

function systemError(errno: string, call: string): Error {
  return Object.assign(new Error(`${errno}: made up, ${call}`), { code: errno });
}

class FaultyFileSystem implements FileSystem {
  readonly #faults: Faults;
  readonly #counts: Int32Array;
  readonly #real = new NodeFileSystem();

  constructor(faults: Faults) {
    this.#faults = faults;
    this.#counts = faults.counts ?? new Int32Array(3);
  }

  open(path: string, mode: OpenMode, executable: boolean): number {
    this.#mayFail('open');
    if (this.#counts[FAULT_OPEN_FILES]! >= (this.#faults.openFilesMax ?? Infinity)) throw systemError('EMFILE', 'open');
    const fd = this.#real.open(path, mode, executable);
    const open = ++this.#counts[FAULT_OPEN_FILES]!;
    this.#counts[FAULT_OPEN_FILES_PEAK] = Math.max(open, this.#counts[FAULT_OPEN_FILES_PEAK]!);
    return fd;
  }

  /** As on Linux, the descriptor is gone even when closing it fails. */
  close(fd: number): void {
    this.#real.close(fd);
    this.#counts[FAULT_OPEN_FILES]!--;
    this.#mayFail('close');
  }

  write(fd: number, views: readonly Uint8Array[], position: number): number {
    this.#mayFail('write');
    if (this.#faults.refuseWrites?.[0] === 1) throw systemError(this.#faults.errno ?? 'EIO', 'write');
    return this.#real.write(fd, this.#shorten(views), position);
  }

  read(fd: number, views: readonly Uint8Array[], position: number): number {
    this.#mayFail('read');
    return this.#real.read(fd, this.#shorten(views), position);
  }

  size(fd: number): number {
    this.#mayFail('size');
    return this.#real.size(fd);
  }

  isAt(fd: number, path: string): boolean {
    this.#mayFail('status');
    return this.#real.isAt(fd, path);
  }

  resize(fd: number, length: number): void {
    this.#mayFail('resize');
    this.#real.resize(fd, length);
  }

  status(path: string): FileStatus | undefined {
    this.#mayFail('status');
    return this.#real.status(path);
  }

  makeFolder(path: string): void {
    this.#mayFail('makeFolder');
    this.#real.makeFolder(path);
  }

  makeLink(target: string, path: string): void {
    this.#mayFail('makeLink');
    this.#real.makeLink(target, path);
  }

  realPath(path: string): string {
    this.#mayFail('realPath');
    return this.#real.realPath(path);
  }

  remove(path: string): void {
    this.#mayFail('remove');
    this.#real.remove(path);
  }

  removeFolder(path: string): boolean {
    this.#mayFail('removeFolder');
    return this.#real.removeFolder(path);
  }

  rename(from: string, to: string): void {
    this.#mayFail('rename');
    if (this.#faults.manyDevices && dirname(from) !== dirname(to)) throw systemError('EXDEV', 'rename');
    this.#real.rename(from, to);
  }

  sync(fd: number): void {
    this.#mayFail('sync');
    this.#real.sync(fd);
  }

  freeBytes(path: string): number {
    this.#mayFail('freeBytes');
    return this.#faults.freeBytes ?? this.#real.freeBytes(path);
  }

  #mayFail(call: string): void {
    const count = ++this.#counts[FAULT_CALLS]!;
    if (count === this.#faults.failCall || count >= (this.#faults.deadCall ?? Infinity))
      throw systemError(this.#faults.errno ?? 'EIO', call);
  }

  #shorten(views: readonly Uint8Array[]): readonly Uint8Array[] {
    const { bytesMax } = this.#faults;
    if (bytesMax === undefined) return views;
    const first = views[0]!;
    // A short call may end inside of any view: take the first one whole and a part of the second, or a part of the first.
    if (first.length >= bytesMax || views.length === 1) return [first.subarray(0, bytesMax)];
    return [first, views[1]!.subarray(0, bytesMax - first.length)];
  }
}
