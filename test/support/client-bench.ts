// What tests of the public library need: folders of their own, payload, torrents of it, and clients that are closed
// whatever happens.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import {
  type AddOptions,
  Client,
  type ClientOptions,
  createTorrent,
  type Metainfo,
  type Torrent,
} from '#src/client/index.ts';
import type { PeerAddress } from '#src/client/types.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { NET_THREADS } from './net-threads.ts';

/** Nothing on loopback takes longer, on a machine ten times slower either; a test that waits is broken and says what it waited for. */
const PATIENCE_MS = 60_000;

/** `path` and length of each file. */
export type Payload = Readonly<Record<string, number>>;

export interface Sharing {
  readonly client: Client;
  readonly torrent: Torrent;
  readonly address: PeerAddress;
}

export class ClientBench {
  /** Everything is below it, and goes with it. */
  readonly root: string;
  readonly #clients: Client[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  /** Resume data of this test goes to a folder of its own, so tests of one file must not run at the same time. */
  static async open(test: TestContext): Promise<ClientBench> {
    const bench = new ClientBench(await mkdtemp(path.join(os.tmpdir(), 'millrace-client-')));
    const before = process.env['MILLRACE_DATA_DIR'];
    process.env['MILLRACE_DATA_DIR'] = path.join(bench.root, 'data');
    test.after(async () => {
      await Promise.allSettled(bench.#clients.map((client) => client.close()));
      if (before === undefined) delete process.env['MILLRACE_DATA_DIR'];
      else process.env['MILLRACE_DATA_DIR'] = before;
      await rm(bench.root, { recursive: true });
    });
    return bench;
  }

  path(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  client(options: ClientOptions = {}): Client {
    const threads = NET_THREADS === undefined ? {} : { netThreads: Number(NET_THREADS) };
    const client = new Client({
      listen: { host: '127.0.0.1', port: 0 },
      lsd: false,
      memoryBytes: 16 * 1024 * 1024,
      ...threads,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** Writes files of random bytes below `seed/NAME` and makes a torrent of them. */
  async payload(
    name: string,
    files: Payload,
    options: { pieceBytes?: number; tiers?: string[][] } = {},
  ): Promise<Metainfo> {
    const random = new SeededRandom(name.length + Object.keys(files).length);
    for (const [file, length] of Object.entries(files)) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) bytes[at] = random.next() * 256;
      await mkdir(path.dirname(this.path('seed', name, file)), { recursive: true });
      await writeFile(this.path('seed', name, file), bytes);
    }
    const { pieceBytes = 32 * 1024, tiers } = options;
    const { metainfo } = await createTorrent(this.path('seed', name), { pieceBytes, ...(tiers && { tiers }) });
    return metainfo;
  }

  /** A client that has the whole payload and waits for peers. */
  async seed(metainfo: Metainfo, options: AddOptions = {}, of: ClientOptions = {}): Promise<Sharing> {
    // Resume data of its own: what a test finds in `data` is its download's.
    const own = process.env['MILLRACE_DATA_DIR'];
    process.env['MILLRACE_DATA_DIR'] = this.path(`seed-data-${this.#clients.length}`);
    const client = this.client(of);
    process.env['MILLRACE_DATA_DIR'] = own;
    const address = (await client.listen())!;
    const torrent = await client.add(metainfo, { directory: this.path('seed'), existing: 'trust', ...options });
    await within(torrent.completed(), 'the seed is ready');
    return { client, torrent, address };
  }

  /** Every file below a folder and its bytes, `/` between names. */
  async contents(folder: string): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    const entries = await readdir(this.path(folder), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isFile())
        found.set(path.relative(this.path(folder), file).replaceAll(path.sep, '/'), await readFile(file));
    }
    return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Waits, but not for ever. */
export async function within<T>(promise: Promise<T>, what: string, ms: number = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until it is so: for what no event tells. */
export async function until(done: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!done()) {
    if (performance.now() > endMs) throw new Error(`waited ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
