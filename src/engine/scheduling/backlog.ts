// Stands between the host and the engine and lets events wait, so that the engine works in fewer, larger steps. It never
// changes their order, and what is rare goes through at once, behind all that waits. A block that waits keeps its place,
// which was reserved when it was asked for: waiting costs no memory but a few integers, and those have a limit.
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { StorageError } from '../../base/errors.ts';
import { BACKLOG_BYTES_MAX } from '../limits.ts';
import type { LinkEnd, LinkId, PeerAddress, PeerPort, PeerSink, StorageSink, StoreId, Transport } from '../ports.ts';
import { type BatchKind, BLOCKS, BLOCKS_READ, EventLog, REQUESTS, RUNS_STORED, strideOf } from './event-log.ts';
import { HeededPort } from './heeded-port.ts';
import type { Pace } from './scheduling.ts';

/** What a Backlog stands on. */
export interface BacklogParts {
  readonly pace: Pace;
  readonly clock: Clock;
  /** Calls back once, after this time. */
  readonly plan: (delayMs: number, deliver: () => void) => void;
}

export class Backlog implements PeerSink, StorageSink {
  readonly #parts: BacklogParts;
  #peers!: PeerSink;
  #storage!: StorageSink;
  #log = new EventLog();
  #spare = new EventLog();
  /** Records of blocks, requests and runs that wait. */
  #records = 0;
  #planned = false;
  #delivering = false;
  #stopped = false;
  /** Links that the engine has closed since their events came to wait: a host says nothing of such a link but its end. */
  readonly #closing = new Set<LinkId>();

  constructor(parts: BacklogParts) {
    this.#parts = parts;
  }

  /** Names the engine. Must be called once, before anything else. */
  start(peers: PeerSink, storage: StorageSink): void {
    this.#peers = peers;
    this.#storage = storage;
  }

  /** Tells the engine what waits. */
  readonly deliver = (): void => {
    if (this.#log.empty) return;
    assert(!this.#delivering, 'the host tells nothing from inside of a question');
    const log = this.#log;
    this.#log = this.#spare;
    this.#spare = log;
    this.#records = 0;
    this.#delivering = true;
    log.replay(this.#peers, this.#storage, this.#closing);
    this.#delivering = false;
    this.#closing.clear();
  };

  /** The host's port, to be given to the engine: what it closes is not heard of any more. */
  heed(port: PeerPort): PeerPort {
    return new HeededPort(port, (link) => {
      if (this.#delivering || !this.#log.empty) this.#closing.add(link);
    });
  }

  /** Tells what waits, and from now on everything at once. */
  stop(): void {
    this.#stopped = true;
    this.deliver();
  }

  /** Drops what waits: the engine is gone, and its host with it. */
  abandon(): void {
    this.#stopped = true;
    this.#log = new EventLog();
  }

  // What begins or ends something, or is rare, lets nothing wait any longer.

  connected(link: LinkId, host?: string, transport?: Transport): void {
    this.deliver();
    this.#peers.connected(link, host, transport);
  }

  admits(address: PeerAddress): boolean {
    this.deliver();
    return this.#peers.admits?.(address) ?? true;
  }

  incoming(link: LinkId, address: PeerAddress, transport?: Transport): void {
    this.deliver();
    this.#peers.incoming(link, address, transport);
  }

  /** At once, because the engine says in answer how long the messages that follow may be. */
  handshake(link: LinkId, bytes: Uint8Array): void {
    this.deliver();
    this.#peers.handshake(link, bytes);
  }

  closed(link: LinkId, end: LinkEnd): void {
    this.deliver();
    this.#peers.closed(link, end);
  }

  blocksDiffered(batch: Int32Array, count: number): void {
    this.deliver();
    this.#storage.blocksDiffered(batch, count);
  }

  storageFailed(store: StoreId, error: StorageError): void {
    this.deliver();
    this.#storage.storageFailed(store, error);
  }

  // What comes all the time waits.

  message(link: LinkId, id: number, payload: Uint8Array): void {
    if (!this.#waits(payload.length)) return this.#peers.message(link, id, payload);
    this.#log.message(link, id, payload);
  }

  keepAlive(link: LinkId): void {
    if (!this.#waits(0)) return this.#peers.keepAlive(link);
    this.#log.keepAlive(link);
  }

  messagesDone(link: LinkId): void {
    if (!this.#waits(0)) return this.#peers.messagesDone(link);
    this.#log.messagesDone(link);
  }

  served(link: LinkId, count: number): void {
    if (!this.#waits(0)) return this.#peers.served(link, count);
    this.#log.served(link, count);
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    if (!this.#holds(REQUESTS, link, batch, count)) this.#peers.requests(link, batch, count);
  }

  blocks(batch: Int32Array, count: number): void {
    if (!this.#holds(BLOCKS, 0, batch, count)) this.#peers.blocks(batch, count);
  }

  runsStored(batch: Int32Array, count: number): void {
    if (!this.#holds(RUNS_STORED, 0, batch, count)) this.#storage.runsStored(batch, count);
  }

  blocksRead(batch: Int32Array, count: number): void {
    if (!this.#holds(BLOCKS_READ, 0, batch, count)) this.#storage.blocksRead(batch, count);
  }

  /** Takes in a batch, unless it has to be told at once. */
  #holds(kind: BatchKind, link: LinkId, batch: Int32Array, count: number): boolean {
    if (!this.#waits(count * strideOf(kind) * 4)) return false;
    this.#log.batch(kind, link, batch, count);
    this.#records += count;
    if (this.#records >= this.#parts.pace.recordsMax) this.deliver();
    return true;
  }

  /** Whether an event of so many bytes may wait. When it may not, nothing waits before it. */
  #waits(bytes: number): boolean {
    if (this.#stopped) return false;
    if (this.#log.usedBytes + bytes > BACKLOG_BYTES_MAX) this.deliver();
    if (bytes > BACKLOG_BYTES_MAX) return false;
    if (!this.#planned) {
      this.#planned = true;
      const { tickMs } = this.#parts.pace;
      this.#parts.plan(tickMs - (this.#parts.clock.nowMs() % tickMs), this.#onTick);
    }
    return true;
  }

  readonly #onTick = (): void => {
    this.#planned = false;
    if (!this.#stopped) this.deliver();
  };
}
