// The committed inputs: small well-formed seeds, and everything that once broke a decoder.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../support/repository.ts';

/** A committed input; `name` is its file. */
export interface CorpusEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function corpus(target: string): CorpusEntry[] {
  const folder = path.join(repository, 'test', 'fuzz', 'corpus', target);
  const names = readdirSync(folder).sort();
  return names.map((name) => ({ name, bytes: readFileSync(path.join(folder, name)) }));
}
