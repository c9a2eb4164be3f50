// Replacing a file as a whole or not at all, whatever stops us in between.
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * One fixed name: what a killed process leaves is overwritten by the next save. Should two processes ever share it,
 * whoever reads the file must be able to tell a mixture by a hash.
 */
export function temporaryName(file: string): string {
  return `${file}.new`;
}

/**
 * Write beside, flush, rename, flush the folder: the name never stands for half a file, even if the power fails. The file is what
 * `parts` are together: to join them would copy what may be long.
 */
export async function replaceFile(file: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const temporary = temporaryName(file);
  try {
    const handle = await open(temporary, 'w');
    try {
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // Windows opens no folders; there the rename is as durable as the file system makes it.
  if (process.platform === 'win32') return;
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
