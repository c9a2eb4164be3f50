// Puts the figures of a run between the markers of docs/performance.md, with what it takes to judge and repeat them.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { repository } from './repository.ts';

const BEGIN = '<!-- bench:begin (written by `npm run bench -- full`, do not edit) -->';
const END = '<!-- bench:end -->';

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: repository, encoding: 'utf8' }).stdout.trim();
}

/** Machine, commit, date and command, one line each. */
export function circumstances(command: string): string {
  const cpus = os.cpus();
  const changed =
    git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'bench') === ''
      ? ''
      : ' with uncommitted changes';
  return [
    `- machine: ${cpus.length} × ${cpus[0]?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, Node ${process.versions.node}`,
    `- commit: ${git('rev-parse', '--short', 'HEAD')}${changed}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    `- command: \`${command}\``,
  ].join('\n');
}

/** Replaces what stands between the markers. */
export function writePerformancePage(content: string): void {
  const page = path.join(repository, 'docs', 'performance.md');
  const text = readFileSync(page, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`docs/performance.md lacks its markers: ${BEGIN} … ${END}`);
  writeFileSync(page, `${text.slice(0, begin + BEGIN.length)}\n\n${content.trim()}\n\n${text.slice(end)}`);
}
