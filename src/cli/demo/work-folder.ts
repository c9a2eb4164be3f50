// Where the demo works: in memory (tmpfs) when there is room, so that the disk does not set the pace; else in the
// system's folder for temporary files. Removed afterwards, also when the demo ends abruptly.
import { rmSync } from 'node:fs';
import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../base/errors.ts';
import { formatBytes } from '../output/figures.ts';

const TMPFS = '/dev/shm';
const TMPFS_MAGIC = 0x01021994;
/** For folders, torrent and resume data, beside payload and copy. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/** A temporary folder. */
export interface WorkFolder {
  readonly path: string;
  readonly inMemory: boolean;
  remove(): Promise<void>;
}

/**
 * Makes a folder with room for a payload and its copy.
 * @throws InputError ERR_DEMO_ROOM
 */
export async function makeWorkFolder(payloadBytes: number): Promise<WorkFolder> {
  const neededBytes = payloadBytes * 2 + MARGIN_BYTES;
  const inMemory = await hasRoomInMemory(neededBytes);
  const parent = inMemory ? TMPFS : tmpdir();
  const { bavail, bsize } = await statfs(parent);
  if (bavail * bsize < neededBytes) {
    const message = `the demo needs ${formatBytes(neededBytes)} in ${parent} and there are ${formatBytes(bavail * bsize)}: ask for less with --size`;
    throw new InputError('ERR_DEMO_ROOM', message);
  }
  const folder = await mkdtemp(path.join(parent, 'millrace-demo-'));
  const removeNow = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', removeNow);
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    process.off('exit', removeNow);
  };
  return { path: folder, inMemory, remove };
}

/** What lies on tmpfs takes memory that downloader and seeder need too. */
async function hasRoomInMemory(neededBytes: number): Promise<boolean> {
  const limitBytes = process.constrainedMemory();
  const memoryBytes = limitBytes > 0 ? Math.min(freemem(), limitBytes) : freemem();
  if (process.platform !== 'linux' || memoryBytes < neededBytes * 2) return false;
  try {
    await access(TMPFS, constants.W_OK | constants.X_OK);
    const { type, bavail, bsize } = await statfs(TMPFS);
    return type === TMPFS_MAGIC && bavail * bsize >= neededBytes;
  } catch {
    // No such folder, or not ours to use: then the disk it is.
    return false;
  }
}
