// Where the repository is, seen from a compiled benchmark.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone's root folder. */
export const repository: string = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
