// Millrace by its command line, as a user runs it. `--seed` keeps it alive after the download, as the others stay alive.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { BenchClient, Download, Job, OwnFigures } from '../client.ts';
import { repository } from '../repository.ts';
import { printedLine } from './printed-line.ts';

/** The part of the `done` event that is used here. */
interface DoneEvent {
  readonly event: string;
  readonly message?: string;
  readonly dataPath?: { placedBytes: number; copiedBytes: number; readBackBytes?: number };
  readonly profile?: { gauges: readonly { name: string; value: number; unit: string }[] };
}

function ownFigures(done: DoneEvent): OwnFigures {
  const path = done.dataPath;
  const delay = done.profile?.gauges.find(({ name, unit }) => /loop delay p99/.test(name) && unit === 'ms')?.value;
  return {
    ...(path === undefined ? {} : { copiedShare: path.copiedBytes / (path.placedBytes + path.copiedBytes) }),
    ...(path?.readBackBytes === undefined ? {} : { readBackBytes: path.readBackBytes }),
    ...(delay === undefined ? {} : { eventLoopDelayP99Ms: delay }),
  };
}

/** `program` is the compiled command line: this clone's, or another's to compare with; `options` go to `get`. */
export class MillraceClient implements BenchClient {
  readonly name = 'Millrace';
  readonly #program: string;

  readonly #options: readonly string[];

  constructor(program: string = path.join(repository, 'dist', 'bin', 'millrace.js'), options: readonly string[] = []) {
    this.#program = program;
    this.#options = options;
  }

  version(): string | undefined {
    if (!existsSync(this.#program)) return undefined;
    const manifest = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { version: string };
    return manifest.version;
  }

  start(job: Job): Promise<Download> {
    const peers = job.peers.flatMap((peer) => ['--peer', peer]);
    const args = [
      'get',
      job.torrent,
      '-o',
      job.output,
      ...peers,
      '--no-trackers',
      '--no-lsd',
      '--no-nat',
      '--no-dht',
      '--no-pex',
      '--utp',
      'off',
      '--json',
      '--seed',
      ...(job.encrypted ? ['--encryption', 'require'] : []),
      ...this.#options,
    ];
    const child = spawn(process.execPath, [this.#program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const done = printedLine(child, (line) => {
      const atMs = Date.now();
      const event = JSON.parse(line) as DoneEvent;
      if (event.event === 'error') throw new Error(event.message);
      return event.event === 'done' ? { atMs, own: ownFigures(event) } : undefined;
    });
    return Promise.resolve({ process: child, done });
  }
}
