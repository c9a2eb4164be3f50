// What reading a torrent file needs of Node: hashes, the encodings of old torrents, and which names the disk takes.
import { createHash } from 'node:crypto';
import type { MetainfoPorts } from '../protocol/metainfo/metainfo.ts';

function digest(algorithm: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(algorithm).update(bytes).digest());
}

function decodeText(bytes: Uint8Array, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    // RangeError: the label is not known. TypeError: the bytes are malformed. Both mean that there is no answer.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The ports that `parseMetainfo` asks for. */
export const metainfoPorts: MetainfoPorts = {
  sha1: (bytes) => digest('sha1', bytes),
  sha256: (bytes) => digest('sha256', bytes),
  decodeText,
  nameRules: process.platform === 'win32' ? 'portable' : 'posix',
};
