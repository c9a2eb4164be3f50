// The few calls that disk workers make, as an interface: tests put one under them that fails on command.
import fs from 'node:fs';
import path from 'node:path';

/** What a file is, as far as the disk workers ask. */
export interface FileStatus {
  readonly size: number;
  readonly mtimeMs: number;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** How a file is opened: `write` creates it when it is missing. Neither follows a link in the last component. */
export type OpenMode = 'read' | 'write';

/** Synchronous on purpose: a worker thread has nothing else to do, and a Promise per call costs more than the call. */
export interface FileSystem {
  open(path: string, mode: OpenMode, executable: boolean): number;
  close(fd: number): void;
  /** Moves as many bytes as the system likes, from `position` on; returns how many. */
  write(fd: number, views: readonly Uint8Array[], position: number): number;
  read(fd: number, views: readonly Uint8Array[], position: number): number;
  size(fd: number): number;
  /** Whether the path leads to the very file that is open. */
  isAt(fd: number, path: string): boolean;
  resize(fd: number, length: number): void;
  /** The status of the path itself, links not followed, or `undefined` when nothing is there. */
  status(path: string): FileStatus | undefined;
  /** Makes a folder and those above it; one that is there already is fine. */
  makeFolder(path: string): void;
  makeLink(target: string, path: string): void;
  realPath(path: string): string;
  remove(path: string): void;
  /** Removes a folder when it is empty; says whether it did. */
  removeFolder(path: string): boolean;
  /** Moves a file or link within a file system; what is at `to` is replaced. */
  rename(from: string, to: string): void;
  /** What was written to the file is on the disk itself when this returns. */
  sync(fd: number): void;
  freeBytes(path: string): number;
}

/** Errno name of a system error, or `undefined` for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const { O_RDONLY, O_RDWR, O_CREAT } = fs.constants;
// Windows has no O_NOFOLLOW; creating links there takes a privilege that strangers' torrents do not have.
const O_NOFOLLOW: number = fs.constants.O_NOFOLLOW ?? 0;

/** The real one. */
export class NodeFileSystem implements FileSystem {
  open(path: string, mode: OpenMode, executable: boolean): number {
    const flags = mode === 'write' ? O_RDWR | O_CREAT : O_RDONLY;
    return fs.openSync(path, flags | O_NOFOLLOW, executable ? 0o777 : 0o666);
  }

  close(fd: number): void {
    fs.closeSync(fd);
  }

  write(fd: number, views: readonly Uint8Array[], position: number): number {
    const first = views[0]!;
    if (views.length === 1) return fs.writeSync(fd, first, 0, first.length, position);
    return fs.writevSync(fd, views, position);
  }

  read(fd: number, views: readonly Uint8Array[], position: number): number {
    const first = views[0]!;
    if (views.length === 1) return fs.readSync(fd, first, 0, first.length, position);
    return fs.readvSync(fd, views, position);
  }

  size(fd: number): number {
    return fs.fstatSync(fd).size;
  }

  isAt(fd: number, path: string): boolean {
    const open = fs.fstatSync(fd);
    try {
      const found = fs.lstatSync(path, { throwIfNoEntry: false });
      return found !== undefined && found.ino === open.ino && found.dev === open.dev;
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR') return false;
      throw error;
    }
  }

  resize(fd: number, length: number): void {
    fs.ftruncateSync(fd, length);
  }

  status(path: string): FileStatus | undefined {
    let stats: fs.Stats | undefined;
    try {
      stats = fs.lstatSync(path, { throwIfNoEntry: false });
    } catch (error) {
      if (errnoOf(error) !== 'ENOTDIR') throw error;
    }
    if (stats === undefined) return undefined;
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
    return { size: stats.size, mtimeMs: stats.mtimeMs, kind };
  }

  makeFolder(folder: string): void {
    try {
      fs.mkdirSync(folder);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EEXIST' && fs.statSync(folder).isDirectory()) return;
      // Not mkdir's own `recursive`: on a read-only file system it says that the path is missing.
      if (errno !== 'ENOENT' || path.dirname(folder) === folder) throw error;
      this.makeFolder(path.dirname(folder));
      fs.mkdirSync(folder);
    }
  }

  makeLink(target: string, path: string): void {
    fs.symlinkSync(target, path);
  }

  realPath(path: string): string {
    return fs.realpathSync(path);
  }

  remove(path: string): void {
    fs.rmSync(path, { force: true });
  }

  removeFolder(path: string): boolean {
    try {
      fs.rmdirSync(path);
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOTEMPTY' || errno === 'EEXIST' || errno === 'ENOENT') return false;
      throw error;
    }
  }

  rename(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  sync(fd: number): void {
    fs.fsyncSync(fd);
  }

  freeBytes(path: string): number {
    const stats = fs.statfsSync(path);
    return stats.bavail * stats.bsize;
  }
}
