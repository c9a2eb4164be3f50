// The engine's end of a shard's event ring: unpacks what the shard heard. Blocks that stand next to each other in the
// ring are told as one batch, whatever links and reads they came from: the engine then plans once for all of them.

import { concatBytes } from '../../../base/bytes.ts';
import {
  ASKED_STRIDE,
  BLOCK_STRIDE,
  type LinkEnd,
  type LinkId,
  type PeerAddress,
  type PeerSink,
} from '../../../engine/ports.ts';
import { takeBytes, takeText } from './record-bytes.ts';
import type { RingReader } from './ring-reader.ts';
import * as record from './shard-records.ts';

/** What is heard of a shard beside what a PeerSink hears. */
export interface ShardListener extends Omit<PeerSink, 'handshake' | 'incoming' | 'connected'> {
  connected(link: LinkId, host: string): void;
  incoming(link: LinkId, address: PeerAddress): void;
  handshake(link: LinkId, bytes: Uint8Array, encrypted: boolean): void;
  listening(ticket: number, address: PeerAddress): void;
  notListening(ticket: number, reason: LinkEnd): void;
  down(): void;
}

const NOTHING = new Uint8Array(0);

export class EventReader {
  readonly reader: RingReader;
  readonly #listener: ShardListener;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #blocks = new Int32Array(record.RECORD_BATCH_MAX * BLOCK_STRIDE);
  #blockWords = 0;
  readonly #asked = new Int32Array(record.RECORD_BATCH_MAX * ASKED_STRIDE);
  readonly #payload = new Uint8Array(record.RECORD_BYTES_MAX);
  /** The beginning of a message that is too long for one record. */
  #parts: Uint8Array[] = [];

  constructor(reader: RingReader, listener: ShardListener) {
    this.reader = reader;
    this.#listener = listener;
    this.#words = reader.ring.words;
    this.#bytes = reader.ring.bytes;
  }

  /** Tells what the record says that the reader stands at; blocks wait for those that follow, or for `tellBlocks`. */
  readonly tell = (): void => {
    const { kind } = this.reader;
    if (kind === record.BLOCKS) {
      this.#collectBlocks();
      return;
    }
    this.tellBlocks();
    this.#tellOther(kind);
  };

  /** Tells the blocks that were collected. */
  readonly tellBlocks = (): void => {
    if (this.#blockWords === 0) return;
    const count = this.#blockWords / BLOCK_STRIDE;
    this.#blockWords = 0;
    this.#listener.blocks(this.#blocks, count);
  };

  #tellOther(kind: number): void {
    const { at } = this.reader;
    const words = this.#words;
    const first = words[at]!;
    switch (kind) {
      case record.CONNECTED:
        return this.#listener.connected(first, this.#text(at + 1));
      case record.INCOMING:
        return this.#listener.incoming(first, { host: this.#text(at + 2), port: words[at + 1]! });
      case record.HANDSHAKE:
        return this.#listener.handshake(first, this.#view(at + 2), words[at + 1] === 1);
      case record.ASKED:
        return this.#tellRequests(first);
      case record.MESSAGE:
        return this.#tellMessage(first, at);
      case record.MESSAGE_PART:
        this.#parts.push(takeBytes(this.#bytes, at + 2, words[at + 1]!));
        return;
      case record.KEEP_ALIVE:
        return this.#listener.keepAlive(first);
      case record.MESSAGES_DONE:
        return this.#listener.messagesDone(first);
      case record.SERVED:
        return this.#listener.served(first, words[at + 1]!);
      case record.CLOSED:
        return this.#listener.closed(first, this.#failure(at));
      case record.LISTENING:
        return this.#listener.listening(first, { host: this.#text(at + 2), port: words[at + 1]! });
      case record.NOT_LISTENING:
        return this.#listener.notListening(first, this.#failure(at));
      case record.DOWN:
        return this.#listener.down();
      default:
        throw new Error(`no event has the number ${kind}`);
    }
  }

  #collectBlocks(): void {
    const { at, length } = this.reader;
    if (this.#blockWords + length > this.#blocks.length) this.tellBlocks();
    for (let i = 0; i < length; i++) this.#blocks[this.#blockWords++] = this.#words[at + i]!;
  }

  #tellRequests(link: LinkId): void {
    const { at, length } = this.reader;
    for (let i = 1; i < length; i++) this.#asked[i - 1] = this.#words[at + i]!;
    this.#listener.requests(link, this.#asked, (length - 1) / ASKED_STRIDE);
  }

  #tellMessage(link: LinkId, at: number): void {
    const id = this.#words[at + 1]!;
    const rest = this.#view(at + 2);
    if (this.#parts.length === 0) {
      this.#listener.message(link, id, rest);
      return;
    }
    const payload = concatBytes([...this.#parts, rest]);
    this.#parts = [];
    this.#listener.message(link, id, payload);
  }

  /** Bytes whose number stands at `word`, until the next record. Never shared memory: not everything takes it. */
  #view(word: number): Uint8Array {
    const length = this.#words[word]!;
    if (length === 0) return NOTHING;
    const from = (word + 1) * 4;
    this.#payload.set(this.#bytes.subarray(from, from + length));
    return this.#payload.subarray(0, length);
  }

  #text(word: number): string {
    return takeText(this.#bytes, word + 1, this.#words[word]!);
  }

  #failure(at: number): LinkEnd {
    const codeBytes = this.#words[at + 1]!;
    const text = takeBytes(this.#bytes, at + 3, this.#words[at + 2]!);
    return {
      code: Buffer.from(text.buffer, 0, codeBytes).toString(),
      message: Buffer.from(text.buffer, codeBytes).toString(),
    };
  }
}
