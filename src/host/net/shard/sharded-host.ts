// The network host in threads: sockets live in N shards, each a link host in its own thread, and the engine's thread
// exchanges packed records with them over rings in shared memory. Which shard a link lives in is decided when it is made
// and never changes. Strangers come in at the first shard, which listens; we dial from the one with the fewest links.
// Why so: docs/decisions/0014-network-threads.md.
import type { DialTarget, LinkEnd, LinkId, PeerAddress, PeerSink } from '../../../engine/ports.ts';
import { PieceMemory } from '../../../protocol/wire/piece-memory.ts';
import { ReceiveCounters } from '../../../protocol/wire/receive-counters.ts';
import { SHARD_RESTARTS_MAX } from '../../limits.ts';
import type { Arena } from '../../memory/arena.ts';
import type { StageTimes } from '../../profile/stage-times.ts';
import type { EgressSettings } from '../egress.ts';
import type { EncryptionMode } from '../encryption.ts';
import { IncomingNumbers } from '../incoming-numbers.ts';
import type { HostSharing } from '../link-host.ts';
import type { NetHost, ReceivedFigures } from '../net-host.ts';
import { Listeners } from './listeners.ts';
import { Shard } from './shard.ts';
import { type ShardLink, TellingLinks } from './telling-links.ts';

export interface ShardedHostOptions {
  readonly arena: Arena;
  /** Threads, from 1 on. */
  readonly threads: number;
  /** What is encrypted. Default: `off`. */
  readonly encryption?: EncryptionMode;
  /** The way to those whom we dial. Default: straight. */
  readonly egress?: EgressSettings;
  /** Measures the time of each stage in the threads. */
  readonly profile?: boolean;
  /** A thread died: its links have ended, and another one was started in its place unless too many have died. */
  readonly onShardDeath?: (reason: string) => void;
}

const SHARD_DIED = 'ERR_LINK_SHARD';

export class ShardedHost implements NetHost {
  readonly memory: PieceMemory;
  readonly countersHere: ReceiveCounters = new ReceiveCounters();
  readonly #options: ShardedHostOptions;
  readonly #arena: Arena;
  readonly #owners: Int32Array;
  readonly #numbers = new IncomingNumbers();
  readonly #shards: (Shard | undefined)[] = [];
  readonly #links = new Map<LinkId, ShardLink>();
  readonly #listeners = new Listeners();
  /** Torrents that strangers may ask for over encrypted connections, by their info hash in Latin-1. */
  readonly #shared = new Map<string, Uint8Array>();
  readonly #retired: Shard[] = [];
  #sink: PeerSink | undefined;
  #restarts = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ShardedHostOptions) {
    this.#options = options;
    this.#arena = options.arena;
    this.#owners = new Int32Array(new SharedArrayBuffer((options.arena.frames.count + 1) * 4));
    this.memory = new PieceMemory(options.arena.frames, this.#owners);
  }

  /** For a host on the engine's thread beside this one: its links are counted among those of that thread. */
  get sharing(): HostSharing {
    return { owners: this.#owners, numbers: this.#numbers, counters: this.countersHere };
  }

  start(sink: PeerSink): void {
    this.#sink = sink;
    for (let index = 0; index < this.#options.threads; index++) this.#shards.push(this.#newShard(index));
  }

  get counters(): ReceivedFigures {
    const sum = { reads: 0, placedBytes: 0, copiedBytes: 0, wastedBytes: 0 };
    for (const counters of [this.countersHere, ...Array.from(this.#allShards(), ({ figures }) => figures.counters)]) {
      sum.reads += counters.reads;
      sum.placedBytes += counters.placedBytes;
      sum.copiedBytes += counters.copiedBytes;
      sum.wastedBytes += counters.wastedBytes;
    }
    return sum;
  }

  get sealedBytes(): number {
    let bytes = 0;
    for (const { figures } of this.#allShards()) bytes += figures.sealedBytes;
    return bytes;
  }

  get threadTimes(): readonly StageTimes[] {
    return [...this.#allShards()].map(({ figures }) => figures.times);
  }

  threadsBusy(): readonly number[] {
    return [...this.#alive()].map(({ busy }) => busy);
  }

  encrypted(link: LinkId): boolean {
    return this.#links.get(link)?.encrypted ?? false;
  }

  listen(host: string, port: number, ipv6Only = false): Promise<PeerAddress> {
    return this.#listeners.listen(this.#shards[0], { host, port }, ipv6Only);
  }

  share(infoHash: Uint8Array): void {
    this.#shared.set(nameOf(infoHash), infoHash.slice());
    this.#shards[0]?.commands.share(infoHash);
  }

  unshare(infoHash: Uint8Array): void {
    this.#shared.delete(nameOf(infoHash));
    this.#shards[0]?.commands.unshare(infoHash);
  }

  connect(link: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    if (target.via === 'utp') return this.#refuse(link, { code: 'EPROTONOSUPPORT', message: 'there is no utp here' });
    let shard: Shard | undefined;
    for (const other of this.#alive()) if (shard === undefined || other.links < shard.links) shard = other;
    if (shard === undefined) return this.#refuse(link, { code: SHARD_DIED, message: 'no network thread is left' });
    this.#begin(link, shard);
    shard.commands.connect(link, target, timeoutMs, infoHash);
  }

  /** No call answers at once. */
  #refuse(link: LinkId, end: LinkEnd): void {
    setImmediate(() => this.#sink!.closed(link, end));
  }

  send(link: LinkId, bytes: Uint8Array): void {
    const told = this.#open(link);
    if (told === undefined || told.shard.commands.send(link, bytes)) return;
    told.end = { code: 'ERR_LINK_SEND_QUEUE', message: 'the peer does not read what it is sent' };
    this.close(link);
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    this.#open(link)?.shard.commands.limitMessages(link, bytesMax);
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    this.#open(link)?.shard.commands.request(link, batch, count);
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    this.#open(link)?.shard.commands.revoke(link, piece, begin, cancel);
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    this.#open(link)?.shard.commands.revokeAll(link, cancel);
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    this.#open(link)?.shard.commands.serve(link, batch, count);
  }

  /** Both places are the engine's: no thread writes to them, and this one may exchange their frames. */
  move(fromPlace: number, toPlace: number): void {
    const { frames } = this.#arena;
    frames.exchange(toPlace, frames.frameOf(fromPlace));
  }

  close(link: LinkId): void {
    const told = this.#open(link);
    if (told === undefined) return;
    told.closing = true;
    told.shard.commands.close(link);
  }

  shutdown(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const shards = [...this.#alive()];
    await Promise.all(shards.map((shard) => shard.shutDown()));
    await Promise.all(shards.map((shard) => shard.end()));
  }

  /** A link that the engine has not closed. */
  #open(link: LinkId): ShardLink | undefined {
    const told = this.#links.get(link);
    return told === undefined || told.closing ? undefined : told;
  }

  #begin(link: LinkId, shard: Shard): void {
    this.#links.set(link, { shard, closing: false, encrypted: false, end: undefined });
    shard.links++;
  }

  *#alive(): Generator<Shard> {
    for (const shard of this.#shards) if (shard !== undefined) yield shard;
  }

  *#allShards(): Generator<Shard> {
    yield* this.#retired;
    yield* this.#alive();
  }

  #newShard(index: number): Shard {
    const listener = new TellingLinks({
      links: this.#links,
      sink: this.#sink!,
      // Who shuts down does not wait for somebody who comes just now.
      admits: (address) => this.#closing === undefined && (this.#sink!.admits?.(address) ?? true),
      admitted: (link) => {
        this.#begin(link, shard);
        shard.commands.admit(link);
      },
      refused: (link) => shard.commands.refuse(link),
      listeners: this.#listeners,
      down: () => shard.down(),
    });
    const shard: Shard = new Shard({
      name: `net ${index}`,
      data: {
        arena: this.#arena.shared,
        owners: this.#owners.buffer as SharedArrayBuffer,
        encryption: this.#options.encryption ?? 'off',
        numbers: this.#numbers.memory,
        profile: this.#options.profile ?? false,
        egress: this.#options.egress ?? {},
      },
      listener,
      died: (reason) => this.#shardDied(index, shard, reason),
    });
    return shard;
  }

  /** Its sockets are closed, so no place is written to by them any more: they are free, and every link has ended. */
  #shardDied(index: number, shard: Shard, reason: string): void {
    this.#retired.push(shard);
    this.#shards[index] = undefined;
    const dead = [...this.#links].filter(([, told]) => told.shard === shard).map(([link]) => link);
    const numbers = new Set(dead);
    // Negative for those that were taken back while a socket had them (PieceMemory).
    for (const [place, owner] of this.#owners.entries()) if (numbers.has(Math.abs(owner))) this.#owners[place] = 0;
    const end: LinkEnd = { code: SHARD_DIED, message: `a network thread died: ${reason}` };
    for (const link of dead) {
      const own = this.#links.get(link)?.end;
      this.#links.delete(link);
      this.#sink!.closed(link, own ?? end);
    }
    if (this.#closing === undefined) this.#replace(index);
    this.#options.onShardDeath?.(reason);
  }

  #replace(index: number): void {
    const shard = this.#restarts++ < SHARD_RESTARTS_MAX ? this.#newShard(index) : undefined;
    this.#shards[index] = shard;
    if (index > 0) return;
    for (const infoHash of this.#shared.values()) shard?.commands.share(infoHash);
    this.#listeners.moveTo(shard);
  }
}

function nameOf(infoHash: Uint8Array): string {
  return Buffer.from(infoHash).toString('latin1');
}
