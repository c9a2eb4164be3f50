// Two uTP connections that talk to each other over a path in virtual time. What one writes is a known stream, so that the
// other can say at once whether what arrives is right.
import type { Random } from '../../base/clock.ts';
import { UTP_REORDER_BYTES_MAX } from '../../protocol/limits.ts';
import { ReorderBudget } from '../../protocol/utp/receive-buffer.ts';
import { PacketPool } from '../../protocol/utp/sent-packet.ts';
import { UtpConnection } from '../../protocol/utp/utp-connection.ts';
import { readUtpPacket, UTP_SYN, UtpHeader } from '../../protocol/utp/utp-packet.ts';
import type { UtpFailure, UtpSink } from '../../protocol/utp/utp-ports.ts';
import { SeededRandom } from '../seeded-random.ts';
import { EventQueue } from '../simulator/event-queue.ts';
import { type Bottleneck, DatagramPath, GOOD_PATH, type PathManners } from './datagram-path.ts';

const TICK_MS = 50;
const TIMER_MS = 1;
const SEND_CHUNK_BYTES = 5000;

/** The byte at a place of the known stream. */
function streamByte(at: number): number {
  return (at * 31 + (at >> 8) * 7 + 11) & 0xff;
}

/** One end, and what it heard. */
export class UtpEnd implements UtpSink {
  connection!: UtpConnection;
  connectedMs = -1;
  receivedBytes = 0;
  writtenBytes = 0;
  /** False as soon as a byte was not what it should be. */
  right = true;
  hasEnded = false;
  closings = 0;
  reason: UtpFailure | undefined;
  readonly #queue: EventQueue;
  /** A flush is planned. */
  #paced = false;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  connected(): void {
    this.connectedMs = this.#queue.nowMs;
  }

  received(packet: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) if (packet[at] !== streamByte(this.receivedBytes++)) this.right = false;
  }

  ended(): void {
    this.hasEnded = true;
  }

  closed(reason: UtpFailure | undefined): void {
    this.closings++;
    this.reason = reason;
  }

  /** Writes the next bytes of the stream and sends what may go. */
  write(bytes: number): void {
    for (let left = bytes; left > 0; left -= SEND_CHUNK_BYTES) {
      const chunk = new Uint8Array(Math.min(left, SEND_CHUNK_BYTES));
      for (let at = 0; at < chunk.length; at++) chunk[at] = streamByte(this.writtenBytes++);
      this.connection.write(chunk);
    }
    this.flush();
  }

  close(): void {
    this.connection.close();
    this.flush();
  }

  tick(): void {
    this.connection.tick();
    this.#pace();
  }

  flush(): void {
    this.connection.flush();
    this.#pace();
  }

  /** What is held back for the pace goes a moment later, as a host's timer would have it. */
  #pace(): void {
    if (this.connection.pacedUntilUs === 0 || this.#paced) return;
    this.#paced = true;
    this.#queue.plan(TIMER_MS, () => {
      this.#paced = false;
      if (!this.connection.closed) this.flush();
    });
  }
}

export interface PairOptions {
  readonly seed?: number;
  /** How packets fare from the dialler to the listener, and back. */
  readonly there?: Partial<PathManners>;
  readonly back?: Partial<PathManners>;
  readonly queue?: EventQueue;
  /** Shared with other traffic from the dialler to the listener. */
  readonly bottleneck?: Bottleneck;
  /** By how much the listener's clock is ahead, and how many parts in a million it is too fast. */
  readonly clockAheadUs?: number;
  readonly clockDriftPpm?: number;
  /** Nobody is at the other end. */
  readonly deaf?: boolean;
}

export class UtpPair {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly dialler: UtpEnd;
  readonly listener: UtpEnd;
  readonly there: DatagramPath;
  readonly back: DatagramPath;
  readonly budget: ReorderBudget = new ReorderBudget(UTP_REORDER_BYTES_MAX);
  readonly pool: PacketPool = new PacketPool();
  readonly #header = new UtpHeader();
  readonly #options: PairOptions;
  #ticking = true;

  constructor(options: PairOptions = {}) {
    this.#options = options;
    this.queue = options.queue ?? new EventQueue();
    this.random = new SeededRandom(options.seed ?? 1);
    this.dialler = new UtpEnd(this.queue);
    this.listener = new UtpEnd(this.queue);
    const manners = (way: Partial<PathManners> | undefined): PathManners => ({ ...GOOD_PATH, ...way });
    this.there = new DatagramPath(
      this.queue,
      this.random,
      manners(options.there),
      (packet) => this.#toListener(packet),
      options.bottleneck,
    );
    this.back = new DatagramPath(this.queue, this.random, manners(options.back), (packet) =>
      this.#take(this.dialler, packet),
    );
    this.dialler.connection = UtpConnection.connect(
      this.#parts(this.dialler, this.there, { receiveId: 7000, sendId: 7001 }),
    );
    this.#tick();
  }

  /** Lets time pass until it is so; false when `limitMs` were not enough. */
  until(done: () => boolean, limitMs: number): boolean {
    const endMs = this.queue.nowMs + limitMs;
    while (!done()) {
      if (this.queue.nowMs >= endMs) return false;
      this.queue.runUntil(Math.min(endMs, this.queue.nowMs + 5));
    }
    return true;
  }

  run(ms: number): void {
    this.queue.runUntil(this.queue.nowMs + ms);
  }

  /** Gives a packet of the test's making to the listener, as if it came over the network. */
  inject(packet: Uint8Array): void {
    this.#toListener(packet);
  }

  stop(): void {
    this.#ticking = false;
  }

  #toListener(packet: Uint8Array): void {
    if (this.#options.deaf) return;
    if (this.listener.connection === undefined) {
      if (!readUtpPacket(packet, this.#header) || this.#header.type !== UTP_SYN) return;
      const sendId = this.#header.connectionId;
      const parts = this.#parts(this.listener, this.back, { receiveId: (sendId + 1) & 0xffff, sendId });
      this.listener.connection = UtpConnection.accept(parts, this.#header);
      this.listener.flush();
      return;
    }
    this.#take(this.listener, packet);
  }

  #take(end: UtpEnd, packet: Uint8Array): void {
    if (!readUtpPacket(packet, this.#header)) return;
    end.connection.receive(this.#header, packet);
    end.flush();
    this.pool.settled();
  }

  #parts(
    end: UtpEnd,
    path: DatagramPath,
    ids: { receiveId: number; sendId: number },
  ): Parameters<typeof UtpConnection.connect>[0] {
    const { clockAheadUs = 0, clockDriftPpm = 0 } = this.#options;
    const rate = end === this.listener ? 1 + clockDriftPpm / 1e6 : 1;
    const aheadUs = end === this.listener ? clockAheadUs : 0;
    return {
      sink: end,
      send: (packet) => path.send(packet),
      nowUs: () => this.queue.nowMs * 1000 * rate + aheadUs,
      random: this.random,
      pool: this.pool,
      budget: this.budget,
      packetBytesMax: 1472,
      ...ids,
    };
  }

  #tick(): void {
    this.queue.plan(TICK_MS, () => {
      if (!this.#ticking) return;
      for (const end of [this.dialler, this.listener]) if (end.connection !== undefined) end.tick();
      this.#tick();
    });
  }
}
