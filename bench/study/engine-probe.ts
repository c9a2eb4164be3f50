// Looks at the border between engine and host from outside: when blocks are asked for and taken in. Also does there what
// the study wants done on the engine's thread: hashing, and the copy to a write buffer.
import { createHash, type Hash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';
import {
  BLOCK_BEGIN,
  BLOCK_LENGTH,
  BLOCK_OUTCOME,
  BLOCK_PIECE,
  BLOCK_STRIDE,
  OUTCOME_LANDED,
  REQUEST_BEGIN,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
  RUN_PLACE,
  RUN_STRIDE,
} from '#src/engine/ports.ts';
import { Session } from '#src/engine/session/session.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { DiskPool } from '#src/host/disk/disk-pool.ts';
import { framesOf, type SharedArena } from '#src/host/memory/arena.ts';
import { LinkHost } from '#src/host/net/link-host.ts';
import { ShardedHost } from '#src/host/net/shard/sharded-host.ts';
import type { Frames } from '#src/protocol/wire/frames.ts';
import type { StudyJob } from './study-job.ts';

/** One block in so many is timed. */
const SAMPLE = 16;

export class EngineProbe {
  readonly latenciesMs: number[] = [];
  /** When the first block was asked for, and what had been paid by then. */
  firstRequest: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  readonly #job: StudyJob;
  readonly #blocksPerPiece: number;
  readonly #askedAtMs = new Map<number, number>();
  /** Places of blocks, when blocks are hashed one by one. */
  readonly #places = new Map<number, number>();
  readonly #hashes = new Map<number, Hash>();
  #frames: Frames | undefined;

  constructor(job: StudyJob) {
    this.#job = job;
    this.#blocksPerPiece = Math.ceil(job.pieceBytes / BLOCK_BYTES);
    this.#findArena();
    this.#watchRequests();
    this.#watchBlocks();
    if (job.copies === 4 || job.hashing === 'thread') this.#watchRuns();
  }

  /** The arena is what disk workers are given. */
  #findArena(): void {
    const found = (arena: SharedArena): void => {
      this.#frames ??= framesOf(arena);
    };
    const { Worker } = workerThreads;
    workerThreads.Worker = class extends Worker {
      constructor(file: string | URL, options: workerThreads.WorkerOptions = {}) {
        super(file, options);
        const { arena } = (options.workerData ?? {}) as { arena?: SharedArena };
        if (arena !== undefined) found(arena);
      }
    };
    syncBuiltinESMExports();
  }

  #watchRequests(): void {
    const asked = (batch: Int32Array, count: number): void => this.#asked(batch, count);
    const watch = (host: LinkHost | ShardedHost): void => {
      const { request } = host;
      host.request = function (link, batch, count): void {
        asked(batch, count);
        request.call(this, link, batch, count);
      };
    };
    watch(LinkHost.prototype);
    watch(ShardedHost.prototype);
  }

  #watchBlocks(): void {
    const landed = (batch: Int32Array, count: number): void => this.#landed(batch, count);
    const { blocks } = Session.prototype;
    Session.prototype.blocks = function (batch, count): void {
      landed(batch, count);
      blocks.call(this, batch, count);
    };
  }

  #watchRuns(): void {
    const storing = (batch: Int32Array, count: number): void => this.#storing(batch, count);
    const { storeRuns } = DiskPool.prototype;
    DiskPool.prototype.storeRuns = function (batch, count): void {
      storing(batch, count);
      storeRuns.call(this, batch, count);
    };
  }

  #asked(batch: Int32Array, count: number): void {
    const nowMs = performance.now();
    this.firstRequest ??= { ms: nowMs, cpu: process.cpuUsage() };
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      const block = batch[at + REQUEST_PIECE]! * this.#blocksPerPiece + batch[at + REQUEST_BEGIN]! / BLOCK_BYTES;
      if (block % SAMPLE === 0) this.#askedAtMs.set(block, nowMs);
      if (this.#job.hashing === 'incremental') this.#places.set(block, batch[at + REQUEST_PLACE]!);
    }
  }

  #landed(batch: Int32Array, count: number): void {
    const nowMs = performance.now();
    for (let at = 0; at < count * BLOCK_STRIDE; at += BLOCK_STRIDE) {
      if (batch[at + BLOCK_OUTCOME] !== OUTCOME_LANDED) continue;
      const piece = batch[at + BLOCK_PIECE]!;
      const block = piece * this.#blocksPerPiece + batch[at + BLOCK_BEGIN]! / BLOCK_BYTES;
      const askedAtMs = this.#askedAtMs.get(block);
      if (askedAtMs !== undefined) {
        this.latenciesMs.push(nowMs - askedAtMs);
        this.#askedAtMs.delete(block);
      }
      if (this.#job.hashing === 'incremental') this.#hashBlock(piece, block, batch[at + BLOCK_LENGTH]!);
    }
  }

  /** Blocks of one peer come in order, as a hash needs them. */
  #hashBlock(piece: number, block: number, length: number): void {
    let hash = this.#hashes.get(piece);
    if (hash === undefined) {
      hash = createHash('sha1');
      this.#hashes.set(piece, hash);
    }
    hash.update(this.#frames!.block(this.#places.get(block)!, length));
    this.#places.delete(block);
    if (block % this.#blocksPerPiece < this.#blocksPerPiece - 1) return;
    hash.digest();
    this.#hashes.delete(piece);
  }

  #storing(batch: Int32Array, count: number): void {
    const { copies, hashing, pieceBytes } = this.#job;
    for (let at = 0; at < count * RUN_STRIDE; at += RUN_STRIDE) {
      const place = batch[at + RUN_PLACE]!;
      if (hashing === 'thread') this.#hashRun(place, pieceBytes);
      // The fourth copy: a buffer for the writer alone.
      if (copies === 4) this.#frames!.slice(place, pieceBytes);
    }
  }

  #hashRun(place: number, length: number): void {
    const hash = createHash('sha1');
    this.#frames!.visit(place, 0, length, (part) => hash.update(part));
    hash.digest();
  }
}
