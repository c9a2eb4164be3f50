// Runs the compiled program as a user's shell would.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repository } from '../support/repository.ts';

export const MAIN: string = path.join(repository, 'dist', 'bin', 'millrace.js');

/** What a finished run left. */
export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `millrace` with its output in pipes until it ends. */
export async function runMillrace(args: readonly string[], cwd?: string): Promise<Run> {
  const options = { cwd, env: { ...process.env, MILLRACE_DEBUG: '' }, stdio: 'pipe' } as const;
  const child = spawn(process.execPath, [MAIN, ...args], options);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  return { exitCode: child.exitCode, stdout, stderr };
}

/** The events that a run with --json wrote. */
export function eventsOf({ stdout }: Pick<Run, 'stdout'>): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
