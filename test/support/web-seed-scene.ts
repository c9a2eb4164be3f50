// A torrent and web servers that have its files, for tests of web seeds.
import type { TestContext } from 'node:test';
import type { AddOptions, Client, ClientOptions, Metainfo, Torrent } from '#src/client/index.ts';
import { FileServer } from '#src/testing/webseed/file-server.ts';
import { ClientBench, type Payload, within } from './client-bench.ts';

export interface WebDownload {
  readonly client: Client;
  readonly torrent: Torrent;
  /** Codes of the warnings, as they come. */
  readonly codes: string[];
}

export class WebSeedScene {
  readonly bench: ClientBench;
  readonly metainfo: Metainfo;
  readonly #test: TestContext;

  private constructor(test: TestContext, bench: ClientBench, metainfo: Metainfo) {
    this.#test = test;
    this.bench = bench;
    this.metainfo = metainfo;
  }

  static async open(
    test: TestContext,
    files: Payload = { 'a.bin': 900_000, 'b/c d.bin': 300_001 },
  ): Promise<WebSeedScene> {
    const bench = await ClientBench.open(test);
    return new WebSeedScene(test, bench, await bench.payload('set', files));
  }

  /** A web server that has the files, as a script of BEP 17 too. */
  async server(tls?: { key: string; cert: string }): Promise<FileServer> {
    const files = await this.bench.contents('seed');
    const bytes = new Uint8Array(this.metainfo.totalBytes);
    for (const file of this.metainfo.files) bytes.set(files.get(file.path)!, file.offset);
    const server = new FileServer(files, { bytes, pieceBytes: this.metainfo.pieceBytes }, tls);
    await server.listen();
    this.#test.after(() => server.stop());
    return server;
  }

  /** Begins a download from web seeds at these URLs. */
  async begin(
    seeds: { readonly webSeeds?: readonly string[]; readonly httpSeeds?: readonly string[] },
    add: AddOptions = {},
    options: ClientOptions = {},
  ): Promise<WebDownload> {
    const client = this.bench.client(options);
    const metainfo = { ...this.metainfo, ...seeds };
    const torrent = await client.add(metainfo, { directory: this.bench.path('get'), seed: false, ...add });
    const codes: string[] = [];
    torrent.on('warning', ({ code }) => codes.push(code));
    return { client, torrent, codes };
  }

  /** Waits for the end and compares every byte. */
  async finished({ torrent, client }: WebDownload, ms?: number): Promise<void> {
    await within(torrent.completed(), `the download; it says ${JSON.stringify(torrent.progress().stall)}`, ms);
    await client.close();
    const [wanted, got] = [await this.bench.contents('seed'), await this.bench.contents('get')];
    for (const [path, bytes] of wanted) {
      if (!got.get(path)?.equals(bytes)) throw new Error(`${path} is not what it should be`);
    }
  }
}
