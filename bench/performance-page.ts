// Puts the figures of a run between the markers of documents, with what it takes to judge and repeat them.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { repository } from './repository.ts';

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: repository, encoding: 'utf8' }).stdout.trim();
}

/** Machine, commit, date and command, one line each. */
export function circumstances(command: string): string {
  const cpus = os.cpus();
  // What a bench has just written itself changes no figure.
  const looked = ['src', 'bench', 'native', ':(exclude)bench/results'];
  const changed =
    git('status', '--porcelain', '--untracked-files=no', '--', ...looked) === '' ? '' : ' with uncommitted changes';
  return [
    `- machine: ${cpus.length} × ${cpus[0]?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, Node ${process.versions.node}`,
    `- commit: ${git('rev-parse', '--short', 'HEAD')}${changed}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    `- command: \`${command}\``,
  ].join('\n');
}

/** Replaces what stands in `document` between the lines `<!-- NAME:begin … -->` and `<!-- NAME:end -->`. */
export function writeMarked(document: string, name: string, content: string): void {
  const file = path.join(repository, document);
  const text = readFileSync(file, 'utf8');
  const marked = new RegExp(`(<!-- ${name}:begin[^\\n]*-->)[\\s\\S]*(<!-- ${name}:end -->)`);
  if (!marked.test(text))
    throw new Error(`${document} lacks its markers: <!-- ${name}:begin --> … <!-- ${name}:end -->`);
  writeFileSync(
    file,
    text.replace(marked, (_, begin: string, end: string) => `${begin}\n\n${content.trim()}\n\n${end}`),
  );
}
