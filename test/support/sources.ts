// The repository's own files, for tests that hold the house to its rules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './repository.ts';

/** A file of the repository, `path` relative to its root with `/` between parts. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Files that git knows or would add: what a commit of the present state would hold. */
export function repositoryFiles(): string[] {
  const listing = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (listing.status !== 0) throw new Error(`git ls-files failed: ${listing.stderr}`);
  return [...new Set(listing.stdout.split('\0'))].filter(
    (name) => name !== '' && existsSync(path.join(repository, name)),
  );
}

export function readSource(file: string): SourceFile {
  const text = readFileSync(path.join(repository, file), 'utf8');
  return { path: file, text, lines: text.split('\n') };
}

/** The lines with comments blanked out, so that a rule about code does not trip over prose. Line numbers stay. */
export function codeLines(source: SourceFile): string[] {
  const noBlocks = source.text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return noBlocks.split('\n').map((line) => line.replace(/(^|\s)\/\/.*$/, '$1'));
}

/** Relative imports that are left at run time, as paths from the repository's root: type imports are erased. */
export function loadedImports(source: SourceFile): string[] {
  const found = source.text.matchAll(
    /^\s*(?:import|export)\s(?!type\b)([^;'"]*?)from\s+'(\.[^']+)'|^\s*import\s+'(\.[^']+)'/gm,
  );
  const loaded = [...found].filter(
    ([, names = '']) => !/^\s*\{\s*(type\s+\w+(\s+as\s+\w+)?\s*,?\s*)+\}\s*$/.test(names),
  );
  return loaded.map((match) => path.posix.join(path.posix.dirname(source.path), match[2] ?? match[3] ?? ''));
}
