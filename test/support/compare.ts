// Says whether a download is, byte for byte, the payload, and nothing but the payload.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Payload, payloadFiles } from './payload.ts';

/** How exactly a client is expected to write. */
export interface Leniency {
  /** Files of no bytes may be missing: not every client makes them. */
  readonly emptyMayMiss?: boolean;
}

/** Fails unless `folder` holds exactly the files of the payload, or of the payloads. Pad files may be missing, but must be zeros if they exist. */
export async function assertDownloaded(
  payload: Payload | readonly Payload[],
  folder: string,
  leniency: Leniency = {},
): Promise<void> {
  const found = new Set(await filesBelow(folder));
  for (const { relative, pad, bytes } of [payload].flat().flatMap((each) => [...payloadFiles(each)])) {
    const exists = found.delete(relative);
    if (!exists && (pad || (leniency.emptyMayMiss && bytes.length === 0))) continue;
    assert.ok(exists, `the download lacks ${JSON.stringify(relative)}; it has ${[...found].slice(0, 5).join(', ')} …`);
    const actual = await readFile(path.join(folder, relative));
    assert.equal(actual.length, bytes.length, `length of ${JSON.stringify(relative)}`);
    const differsAt = firstDifference(actual, bytes);
    assert.equal(differsAt, -1, `${JSON.stringify(relative)} differs from byte ${differsAt} on`);
  }
  assert.deepEqual([...found], [], 'the download folder holds files that the torrent does not');
}

function firstDifference(actual: Uint8Array, expected: Uint8Array): number {
  if (Buffer.compare(actual, expected) === 0) return -1;
  return actual.findIndex((byte, index) => byte !== expected[index]);
}

/** Relative paths, `/` between their parts, of all files below a folder. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}
