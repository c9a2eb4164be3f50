// SHA-1 for the parts of the engine that ask their host for it.
import { createHash } from 'node:crypto';

export function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(bytes).digest());
}
