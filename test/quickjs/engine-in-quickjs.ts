// The host of an engine in QuickJS: the real LinkHost and DiskPool on the one side of the border, the guest's exports on
// the other. Piece memory stays here; the engine decides over places that it cannot see.
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { StorageError } from '#src/base/errors.ts';
import { TICK_MS } from '#src/engine/limits.ts';
import {
  ASKED_STRIDE,
  BLOCK_STRIDE,
  DIFFERENCE_STRIDE,
  type LinkEnd,
  type PeerAddress,
  type PeerSink,
  READ_DONE_STRIDE,
  STORED_STRIDE,
  type StorageSink,
} from '#src/engine/ports.ts';
import { DiskPool } from '#src/host/disk/disk-pool.ts';
import type { StoreLayout } from '#src/host/disk/store-layout.ts';
import { Arena } from '#src/host/memory/arena.ts';
import { LinkHost } from '#src/host/net/link-host.ts';
import type { HostFunctions } from './guest/host-functions.ts';
import { type Crossing, Realm } from './realm.ts';

const FRAMES = 512;
const DISK_WORKERS = 1;
const SETTLE_POLL_MS = 10;

/** The host's side of each function: buffers are bytes here. */
type FunctionsHere = {
  readonly [Name in keyof HostFunctions]: HostFunctions[Name] extends (...args: infer Given) => infer Answer
    ? (...args: AllHere<Given>) => Here<Answer>
    : never;
};
type AllHere<Given extends unknown[]> = { [Index in keyof Given]: Here<Given[Index]> };
type Here<Value> = Value extends ArrayBuffer ? Uint8Array : Value;

interface News {
  phase: [ticket: number, phase: string];
  verified: [ticket: number, piece: number];
  warned: [ticket: number, code: string, message: string];
  error: [error: unknown];
}

const integers = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
const records = (batch: Int32Array, count: number): Uint8Array =>
  new Uint8Array(batch.buffer, batch.byteOffset, count * 4);
const digest = (algorithm: string, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash(algorithm).update(bytes).digest());

/** A client whose engine has no Node around it. */
export class EngineInQuickJs extends EventEmitter<News> {
  readonly #realm: Realm;
  readonly #net: LinkHost;
  readonly #disk: DiskPool;
  readonly #directory: string;
  /** What went wrong in answer to the guest, where nobody waits. */
  #failure: unknown;
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(realm: Realm, directory: string) {
    super();
    this.#realm = realm;
    this.#directory = directory;
    const arena = new Arena(FRAMES);
    this.#net = new LinkHost({ arena });
    this.#disk = new DiskPool({ arena, workers: DISK_WORKERS, sink: this.#storageSink() });
  }

  /** Starts an engine that downloads into `directory`. */
  static async start(directory: string): Promise<EngineInQuickJs> {
    const engine = new EngineInQuickJs(await Realm.open(), directory);
    const realm = engine.#realm;
    realm.lend('host', engine.#functions());
    realm.load(`export * from '#guest/main.js';`);
    realm.call('start', FRAMES, engine.#disk.writeBehindBytes);
    engine.#net.start(engine.#peerSink());
    engine.#timer = setInterval(() => engine.#tell('tick'), TICK_MS);
    return engine;
  }

  listen(): Promise<PeerAddress> {
    return this.#net.listen('127.0.0.1', 0);
  }

  /** Begins to download; returns the torrent's ticket once its files are open. */
  async add(torrentFile: Uint8Array): Promise<number> {
    const [ticket] = await Promise.all([this.#realm.call('add', torrentFile), once(this, 'phase')]);
    return ticket as number;
  }

  suggest(ticket: number, { host, port }: PeerAddress): void {
    this.#realm.call('suggest', ticket, host, port);
  }

  /** Resolves when every wanted piece is verified and written. */
  complete(ticket: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.once('error', reject);
      this.on('phase', (whose, phase) => {
        if (whose === ticket && phase === 'seeding') resolve();
      });
    });
  }

  /** Block bytes that lay in their place when the read returned, and those that had to be moved there. */
  get dataPath(): { placedBytes: number; copiedBytes: number } {
    return this.#net.counters;
  }

  /** Winds everything up; rejects with what the guest or its disk threw meanwhile. */
  async close(ticket: number): Promise<void> {
    this.#tell('close', ticket);
    while (this.#failure === undefined && this.#realm.call('settled', ticket) === 0)
      await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
    await this.stop();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends links and threads, whatever state the engine is in. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#net.shutdown();
    await this.#disk.close();
    this.#realm.close();
  }

  /** Calls the guest where nobody waits for the outcome: what it throws is kept for `close`. */
  #tell(name: string, ...args: readonly Crossing[]): void {
    if (this.#failure !== undefined) return;
    try {
      this.#realm.call(name, ...args);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure = error;
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  #functions(): FunctionsHere {
    const net = this.#net;
    const disk = this.#disk;
    return {
      nowMs: () => performance.now(),
      random: () => Math.random(),
      sha1: (bytes) => digest('sha1', bytes),
      sha256: (bytes) => digest('sha256', bytes),
      connect: (link, host, port, timeoutMs, infoHash) => net.connect(link, { host, port }, timeoutMs, infoHash),
      share: (infoHash) => net.share(infoHash),
      unshare: (infoHash) => net.unshare(infoHash),
      send: (link, bytes) => net.send(link, bytes),
      limitMessages: (link, bytesMax) => net.limitMessages(link, bytesMax),
      request: (link, batch, count) => net.request(link, integers(batch), count),
      revoke: (link, piece, begin, cancel) => net.revoke(link, piece, begin, cancel === 1),
      revokeAll: (link, cancel) => net.revokeAll(link, cancel === 1),
      serve: (link, batch, count) => net.serve(link, integers(batch), count),
      move: (fromPlace, toPlace) => net.move(fromPlace, toPlace),
      close: (link) => net.close(link),
      storeRuns: (batch, count) => disk.storeRuns(integers(batch), count),
      forgetPiece: (store, piece) => disk.forgetPiece(store, piece),
      readBlocks: (batch, count) => disk.readBlocks(integers(batch), count),
      open: (ticket, layout, pieceHashes) => void this.#open(ticket, layout, pieceHashes),
      phase: (ticket, phase) => void this.emit('phase', ticket, phase),
      verified: (ticket, piece) => void this.emit('verified', ticket, piece),
      warned: (ticket, code, message) => void this.emit('warned', ticket, code, message),
    };
  }

  async #open(ticket: number, layout: string, pieceHashes: Uint8Array): Promise<void> {
    const shape = JSON.parse(layout) as Omit<StoreLayout, 'directory' | 'pieceHashes'>;
    try {
      const store = await this.#disk.open({ ...shape, directory: this.#directory, pieceHashes });
      this.#tell('opened', ticket, store);
    } catch (error) {
      this.#fail(error);
    }
  }

  #peerSink(): PeerSink {
    return {
      connected: (link, host = '') => this.#tell('connected', link, host),
      incoming: (link, { host, port }) => this.#tell('incoming', link, host, port),
      handshake: (link, bytes) => this.#tell('handshake', link, bytes),
      requests: (link, batch, count) => this.#tell('requests', link, records(batch, count * ASKED_STRIDE), count),
      message: (link, id, payload) => this.#tell('message', link, id, payload),
      keepAlive: (link) => this.#tell('keepAlive', link),
      messagesDone: (link) => this.#tell('messagesDone', link),
      blocks: (batch, count) => this.#tell('blocks', records(batch, count * BLOCK_STRIDE), count),
      served: (link, count) => this.#tell('served', link, count),
      closed: (link, { code, message }: LinkEnd) => this.#tell('closed', link, code, message),
    };
  }

  #storageSink(): StorageSink {
    return {
      runsStored: (batch, count) => this.#tell('runsStored', records(batch, count * STORED_STRIDE), count),
      blocksDiffered: (batch, count) => this.#tell('blocksDiffered', records(batch, count * DIFFERENCE_STRIDE), count),
      blocksRead: (batch, count) => this.#tell('blocksRead', records(batch, count * READ_DONE_STRIDE), count),
      storageFailed: (store, { code, message }: StorageError) => this.#tell('storageFailed', store, code, message),
    };
  }
}
