// The shard's end of its event ring: what the link host of this thread hears of connections, packed. When the ring is
// full the thread waits until the engine has read: nothing is read from sockets meanwhile, which is how their peers are
// slowed down. The engine never waits for a shard, so the two cannot wait for each other.
import {
  ASKED_STRIDE,
  BLOCK_STRIDE,
  type LinkEnd,
  type LinkId,
  type PeerAddress,
  type PeerSink,
} from '../../../engine/ports.ts';
import { wordsOf } from './packed-ring.ts';
import { putBytes } from './record-bytes.ts';
import { FULL, type RingWriter } from './ring-writer.ts';
import * as record from './shard-records.ts';

export interface EventWriterParts {
  readonly ring: RingWriter;
  /** Tells the engine's thread that there is something to be read. */
  readonly wake: () => void;
  readonly encrypted: (link: LinkId) => boolean;
}

export class EventWriter implements PeerSink {
  readonly #ring: RingWriter;
  readonly #wake: () => void;
  readonly #encrypted: (link: LinkId) => boolean;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Something was written since the last wake-up. */
  #wakes = false;

  constructor(parts: EventWriterParts) {
    this.#ring = parts.ring;
    this.#wake = parts.wake;
    this.#encrypted = parts.encrypted;
    this.#words = parts.ring.ring.words;
    this.#bytes = parts.ring.ring.bytes;
  }

  connected(link: LinkId, host = ''): void {
    const name = Buffer.from(host);
    this.#begin(record.CONNECTED, 2 + wordsOf(name.length));
    this.#put(link);
    this.#putBytes(name);
    this.#end();
  }

  incoming(link: LinkId, { host, port }: PeerAddress): void {
    const name = Buffer.from(host);
    this.#begin(record.INCOMING, 3 + wordsOf(name.length));
    this.#put(link);
    this.#put(port);
    this.#putBytes(name);
    this.#end();
  }

  handshake(link: LinkId, bytes: Uint8Array): void {
    this.#begin(record.HANDSHAKE, 3 + wordsOf(bytes.length));
    this.#put(link);
    this.#put(this.#encrypted(link) ? 1 : 0);
    this.#putBytes(bytes);
    this.#end();
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    const wordsMax = record.RECORD_BATCH_MAX * ASKED_STRIDE;
    for (let from = 0; from < count * ASKED_STRIDE; from += wordsMax) {
      const to = Math.min(count * ASKED_STRIDE, from + wordsMax);
      this.#begin(record.ASKED, 1 + to - from);
      this.#put(link);
      for (let i = from; i < to; i++) this.#put(batch[i]!);
      this.#end();
    }
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    let rest = payload;
    for (; rest.length > record.RECORD_BYTES_MAX; rest = rest.subarray(record.RECORD_BYTES_MAX)) {
      this.#begin(record.MESSAGE_PART, 2 + wordsOf(record.RECORD_BYTES_MAX));
      this.#put(link);
      this.#putBytes(rest.subarray(0, record.RECORD_BYTES_MAX));
      this.#end();
    }
    this.#begin(record.MESSAGE, 3 + wordsOf(rest.length));
    this.#put(link);
    this.#put(id);
    this.#putBytes(rest);
    this.#end();
  }

  keepAlive(link: LinkId): void {
    this.#tell(record.KEEP_ALIVE, link);
  }

  messagesDone(link: LinkId): void {
    this.#tell(record.MESSAGES_DONE, link);
  }

  blocks(batch: Int32Array, count: number): void {
    const wordsMax = record.RECORD_BATCH_MAX * BLOCK_STRIDE;
    for (let from = 0; from < count * BLOCK_STRIDE; from += wordsMax) {
      const to = Math.min(count * BLOCK_STRIDE, from + wordsMax);
      this.#begin(record.BLOCKS, to - from);
      for (let i = from; i < to; i++) this.#put(batch[i]!);
      this.#end();
    }
  }

  served(link: LinkId, count: number): void {
    this.#begin(record.SERVED, 2);
    this.#put(link);
    this.#put(count);
    this.#end();
  }

  closed(link: LinkId, end: LinkEnd): void {
    this.#failure(record.CLOSED, link, end);
  }

  /** Answers `listen`. */
  listening(ticket: number, { host, port }: PeerAddress): void {
    const name = Buffer.from(host);
    this.#begin(record.LISTENING, 3 + wordsOf(name.length));
    this.#put(ticket);
    this.#put(port);
    this.#putBytes(name);
    this.#end();
  }

  notListening(ticket: number, reason: LinkEnd): void {
    this.#failure(record.NOT_LISTENING, ticket, reason);
  }

  /** The last event of a shard. */
  down(): void {
    this.#begin(record.DOWN, 0);
    this.#end();
    this.#wakeNow();
  }

  #failure(kind: number, number: number, { code, message }: LinkEnd): void {
    const text = Buffer.from(code + message).subarray(0, record.RECORD_BYTES_MAX);
    this.#begin(kind, 3 + wordsOf(text.length));
    this.#put(number);
    this.#put(Buffer.byteLength(code));
    this.#putBytes(text);
    this.#end();
  }

  #tell(kind: number, link: LinkId): void {
    this.#begin(kind, 1);
    this.#put(link);
    this.#end();
  }

  #begin(kind: number, payloadWords: number): void {
    let at = this.#ring.begin(kind, payloadWords);
    while (at === FULL) {
      this.#wakeNow();
      this.#ring.waitForRoom();
      at = this.#ring.begin(kind, payloadWords);
    }
    this.#at = at;
  }

  #put(number: number): void {
    this.#words[this.#at++] = number;
  }

  /** Their number first. */
  #putBytes(bytes: Uint8Array): void {
    this.#put(bytes.length);
    putBytes(this.#bytes, this.#at, bytes);
    this.#at += wordsOf(bytes.length);
  }

  /** One wake-up for all that this turn of the event loop brings. */
  #end(): void {
    this.#ring.end();
    if (this.#wakes) return;
    this.#wakes = true;
    setImmediate(this.#wakeNow);
  }

  readonly #wakeNow = (): void => {
    this.#wakes = false;
    if (this.#ring.takeSleeper()) this.#wake();
  };
}
