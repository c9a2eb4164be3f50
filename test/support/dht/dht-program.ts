// Foreign nodes of the DHT in programs that a test talks to by lines: libtorrent's, and those of the package bittorrent-dht.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Program } from '../program.ts';
import { repository } from '../repository.ts';
import { LIBTORRENT_PYTHON } from '../seeders/libtorrent.ts';
import { READY_TIMEOUT_MS } from '../seeders/seeder.ts';
import type { Workspace } from '../workspace.ts';

const FOLDER = path.join(repository, 'test', 'support', 'dht');
/** WebTorrent brings it along. */
const LIBRARY = path.join(repository, 'build', 'webtorrent', 'node_modules', 'bittorrent-dht', 'index.js');

/** A line that a program says. Which fields are there depends on `event`. */
export interface DhtLine {
  readonly event: string;
  readonly ports?: readonly number[];
  readonly nodes?: number | readonly number[];
  readonly peers?: readonly unknown[];
  readonly target?: string;
  readonly value?: string;
  readonly seq?: number;
  readonly key?: string;
}

/** Where libtorrent's last node gets something to seed. */
export interface SeededTorrent {
  readonly file: string;
  readonly folder: string;
}

export class DhtProgram {
  readonly ports: readonly number[];
  readonly #program: Program;

  private constructor(program: Program, ports: readonly number[]) {
    this.#program = program;
    this.ports = ports;
  }

  static libtorrent(
    workspace: Workspace,
    count: number,
    { host = '127.0.0.1', seeded }: { readonly host?: string; readonly seeded?: SeededTorrent } = {},
  ): Promise<DhtProgram> {
    const more = seeded === undefined ? [] : ['--torrent', seeded.file, '--save-dir', seeded.folder];
    const script = path.join(FOLDER, 'libtorrent-dht.py');
    return DhtProgram.#start(workspace, LIBTORRENT_PYTHON!, [script, `${count}`, '--host', host, ...more]);
  }

  static webtorrent(workspace: Workspace, count: number, join: number): Promise<DhtProgram> {
    const script = path.join(FOLDER, 'webtorrent-dht.mjs');
    return DhtProgram.#start(workspace, process.execPath, [script, pathToFileURL(LIBRARY).href, `${count}`, `${join}`]);
  }

  static async #start(workspace: Workspace, command: string, args: readonly string[]): Promise<DhtProgram> {
    const program = workspace.own(new Program(command, args));
    const ready = await program.find((line) => lineNamed(line, 'ready'), READY_TIMEOUT_MS, 'nodes that are ready');
    return new DhtProgram(program, ready.ports!);
  }

  /** Has the program do something and waits for what comes of it. */
  async ask(command: string, event: string): Promise<DhtLine> {
    const answer = this.#program.next((line) => lineNamed(line, event), READY_TIMEOUT_MS, command);
    this.#program.write(command);
    return await answer;
  }
}

function lineNamed(line: string, event: string): DhtLine | undefined {
  if (!line.startsWith('{')) return undefined;
  const parsed = JSON.parse(line) as DhtLine;
  return parsed.event === event ? parsed : undefined;
}
