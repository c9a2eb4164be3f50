// Turns what the system refused into a StorageError that names the file and says what to do.
import { StorageError } from '../../base/errors.ts';
import { errnoOf } from './file-system.ts';

/** What was being done when the disk refused. */
export interface DiskTask {
  readonly action: 'read' | 'write' | 'create' | 'remove';
  readonly path: string;
  /** Bytes that could not be moved. */
  readonly bytesLeft: number;
}

/** A StorageError as it crosses a thread: errors lose their class there. */
export interface StorageFailure {
  readonly code: string;
  readonly message: string;
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** The StorageError for `error`; a bug (an error without an errno) is not one and is thrown on. */
export function toStorageError(error: unknown, task: DiskTask): StorageError {
  if (error instanceof StorageError) return error;
  const errno = errnoOf(error);
  if (errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) throw error;
  const { action, path } = task;
  const make = (code: string, message: string) => new StorageError(code, message, { cause: error });
  const missing = task.bytesLeft > 0 ? ` (needs at least ${formatBytes(task.bytesLeft)} more)` : '';
  switch (errno) {
    case 'ENOSPC':
      return make('ERR_STORAGE_FULL', `No space left for ${path}${missing}: make room and continue`);
    case 'EDQUOT':
      return make('ERR_STORAGE_FULL', `Disk quota used up at ${path}${missing}: make room and continue`);
    case 'EFBIG':
      return make(
        'ERR_STORAGE_IO',
        `Cannot ${action} ${path}: its file system, or a limit, allows no file of that size`,
      );
    case 'EISDIR':
      return make('ERR_STORAGE_IO', `${path} is in the way: a folder, not a file; move it or choose another folder`);
    case 'ENAMETOOLONG':
      return make(
        'ERR_STORAGE_IO',
        `Cannot ${action} ${path}: the path is too long; choose a folder with a shorter one`,
      );
    case 'EACCES':
    case 'EPERM':
      return make('ERR_STORAGE_ACCESS', `No permission to ${action} ${path} (${errno})`);
    case 'EROFS':
      return make('ERR_STORAGE_ACCESS', `Cannot ${action} ${path}: the file system is read-only`);
    case 'ELOOP':
      return make(
        'ERR_STORAGE_LINK',
        `${path} is a symbolic link; it is not followed. Remove it or choose another folder`,
      );
    case 'ENOENT':
      return make('ERR_STORAGE_CHANGED', `${path} is missing; check the files again`);
    default:
      return make('ERR_STORAGE_IO', `Cannot ${action} ${path}: ${error instanceof Error ? error.message : errno}`);
  }
}

/** The system moved no byte and named no reason. Reading, the file ends before the bytes that were verified there. */
export function nothingMoved(action: 'read' | 'write', path: string): StorageError {
  if (action === 'write') return new StorageError('ERR_STORAGE_IO', `Cannot write ${path}: the system takes no bytes`);
  return new StorageError('ERR_STORAGE_CHANGED', `${path} is shorter than it was; check the files again`);
}

/** The file is skipped, and no other file shares the piece: it has no place on disk. */
export function nowhere(action: 'read' | 'write', path: string): StorageError {
  if (action === 'read') return new StorageError('ERR_STORAGE_CHANGED', `${path} is missing; check the files again`);
  return new StorageError('ERR_STORAGE_IO', `Cannot write ${path}: it is skipped; resume to try again`);
}

/** The error as plain data. */
export function packFailure(error: StorageError): StorageFailure {
  return { code: error.code, message: error.message };
}

/** The error from plain data. */
export function unpackFailure(failure: StorageFailure): StorageError {
  return new StorageError(failure.code, failure.message);
}
