// Millrace seen from outside: its command line with --json, as the design's section 6 promises it to everybody.
import assert from 'node:assert/strict';
import path from 'node:path';
import { within } from './deadline.ts';
import { NET_THREADS } from './net-threads.ts';
import { Program, type ProgramEnd } from './program.ts';
import { repository } from './repository.ts';
import type { Stoppable, Workspace } from './workspace.ts';

const MAIN = path.join(repository, 'dist', 'bin', 'millrace.js');

/** How long a download of a test may take; most take a second. */
export const DOWNLOAD_TIMEOUT_MS = 60_000;

/** Exit statuses of the contract. */
const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/** It finds nobody but whom it is told, and nobody else finds it. */
const ALONE = ['--no-trackers', '--no-dht', '--no-lsd', '--no-pex', '--no-nat', '--listen', '127.0.0.1:0'];

/** A port that a gateway opened. */
export interface CliMapping {
  readonly transport: 'tcp' | 'udp';
  readonly family: 4 | 6;
  readonly protocol: 'pcp' | 'nat-pmp' | 'upnp';
  readonly internalPort: number;
  readonly externalPort: number;
  readonly externalAddress?: string;
  readonly doubleNat: boolean;
}

/** A line of standard output. Which fields are there depends on `event`. */
export interface CliEvent {
  readonly event: 'listening' | 'port-mapping' | 'progress' | 'warning' | 'done' | 'error';
  readonly address?: string;
  readonly code?: string;
  readonly message?: string;
  readonly state?: string;
  readonly bytesDone?: number;
  readonly uploadedBytes?: number;
  readonly peers?: number;
  readonly utpPeers?: number;
  readonly stall?: { readonly code: string; readonly message: string };
  readonly mappings?: readonly CliMapping[];
  readonly troubles?: readonly { readonly gateway: string; readonly message: string }[];
  readonly bytes?: number;
  readonly seconds?: number;
  readonly peakRssBytes?: number;
  readonly cpuSeconds?: number;
  readonly dataPath?: { readonly placedBytes: number; readonly copiedBytes: number; readonly wastedBytes: number };
}

/** A finished run. */
export interface Outcome extends ProgramEnd {
  readonly events: readonly CliEvent[];
  readonly last: CliEvent | undefined;
  /** Standard error: must be empty with --json unless something is badly wrong. */
  readonly errors: string;
}

export interface GetOptions {
  /** Ports of 127.0.0.1 to dial. */
  readonly peers: readonly number[];
  /** More of the command line. */
  readonly args?: readonly string[];
  /** A program, with its arguments, that runs the command: to run it as somebody else. */
  readonly through?: readonly string[];
}

/** A run that peers can connect to, at 127.0.0.1:`port`. */
export interface Sharer {
  readonly run: Millrace;
  readonly port: number;
}

/** One run of the command line. */
export class Millrace implements Stoppable {
  readonly events: CliEvent[] = [];
  readonly #program: Program;

  constructor(workspace: Workspace, args: readonly string[], through: readonly string[] = []) {
    // What is shared over the network may be asked to be so in threads of its own: the same tests, another host.
    const threads =
      NET_THREADS !== undefined && ['get', 'seed'].includes(args[0]!) ? ['--net-threads', NET_THREADS] : [];
    const [command = '', ...rest] = [...through, process.execPath, MAIN, ...args, ...threads, '--json'];
    this.#program = workspace.own(new Program(command, rest, { MILLRACE_DATA_DIR: path.join(workspace.path, 'data') }));
    this.#program.output.watch((line) => this.events.push(JSON.parse(line) as CliEvent));
  }

  /** `millrace get`, from the given peers only. */
  static get(workspace: Workspace, torrentFile: string, folder: string, options: GetOptions): Millrace {
    const peers = options.peers.flatMap((port) => ['--peer', `127.0.0.1:${port}`]);
    const args = ['get', torrentFile, '-o', folder, ...peers, ...ALONE, ...(options.args ?? [])];
    return new Millrace(workspace, args, options.through);
  }

  /** `millrace seed` of complete files, which connects to the given leechers and waits for others. */
  static async seed(workspace: Workspace, torrentFile: string, folder: string, options: GetOptions): Promise<Sharer> {
    const peers = options.peers.flatMap((port) => ['--peer', `127.0.0.1:${port}`]);
    const args = ['seed', torrentFile, '-d', folder, ...peers, ...ALONE, ...(options.args ?? [])];
    return await new Millrace(workspace, args, options.through).listening();
  }

  /** Waits until it says where it listens. */
  async listening(): Promise<Sharer> {
    const { address } = await this.until((event) => event.event === 'listening', 'an open port');
    return { run: this, port: Number(address!.slice(address!.lastIndexOf(':') + 1)) };
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** The first event, past or to come, that `wanted` accepts. */
  async until(wanted: (event: CliEvent) => boolean, what: string): Promise<CliEvent> {
    const pick = (line: string): CliEvent | undefined => {
      if (!line.startsWith('{')) return undefined;
      const event = JSON.parse(line) as CliEvent;
      return wanted(event) ? event : undefined;
    };
    return this.#program.find(pick, DOWNLOAD_TIMEOUT_MS, what);
  }

  /** Waits until so many bytes are verified and on disk. */
  async untilBytes(bytes: number): Promise<void> {
    await this.until((event) => event.event === 'progress' && (event.bytesDone ?? 0) >= bytes, `${bytes} bytes done`);
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#program.signal('SIGINT');
  }

  /** kill −9. */
  kill(): void {
    this.#program.signal('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  /** Waits for the process to end. */
  async outcome(timeoutMs: number = DOWNLOAD_TIMEOUT_MS): Promise<Outcome> {
    const end = await within(this.#program.ended, timeoutMs, () => `millrace to end; it said\n${this.#said()}`);
    return { ...end, events: this.events, last: this.events.at(-1), errors: this.#program.errors.text };
  }

  /** Waits for the end and fails unless the download is done. Returns its last event. */
  async done(timeoutMs: number = DOWNLOAD_TIMEOUT_MS): Promise<CliEvent> {
    const outcome = await this.outcome(timeoutMs);
    assert.equal(
      outcome.code,
      EXIT_DONE,
      `millrace failed (${outcome.signal ?? outcome.code}); it said\n${this.#said()}`,
    );
    assert.equal(outcome.last?.event, 'done', 'the last event tells that it is done');
    return outcome.last;
  }

  /** Waits for the end and fails unless the download failed with a message. Returns its last event. */
  async failed(timeoutMs: number = DOWNLOAD_TIMEOUT_MS): Promise<CliEvent> {
    const outcome = await this.outcome(timeoutMs);
    assert.equal(outcome.code, EXIT_FAILED, `millrace should fail with status 1; it said\n${this.#said()}`);
    assert.equal(outcome.last?.event, 'error', 'the last event tells the error');
    return outcome.last;
  }

  #said(): string {
    return `${this.#program.output.tail()}\n--- standard error\n${this.#program.errors.tail()}`;
  }
}
