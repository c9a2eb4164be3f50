// The engine's end of a shard's command ring: what a PeerPort is asked, packed. The engine's thread never waits, so what
// does not fit is kept here and follows when the shard has made room. That is bounded as a socket's queue is: requests and
// blocks by piece memory, whose places they name, and control bytes by CONTROL_QUEUE_BYTES for every link.
import { type LinkId, type PeerAddress, REQUEST_STRIDE, SERVE_STRIDE } from '../../../engine/ports.ts';
import { CONTROL_QUEUE_BYTES } from '../../limits.ts';
import { wordsOf } from './packed-ring.ts';
import { putBytes } from './record-bytes.ts';
import { FULL, type RingWriter } from './ring-writer.ts';
import * as record from './shard-records.ts';

const INFO_HASH_WORDS: number = wordsOf(record.INFO_HASH_BYTES);

export class CommandWriter {
  readonly #ring: RingWriter;
  /** Something was written: the shard has to be woken, soon. */
  readonly #wrote: () => void;
  /** Records that did not fit: kind and payload, the oldest at `#oldest`. */
  #waiting: Int32Array[] = [];
  #oldest = 0;
  /** Control bytes of each link among them. */
  readonly #waitingBytes = new Map<LinkId, number>();
  // Where the record that was begun goes: into the ring, or among those that wait.
  #words: Int32Array;
  #bytes: Uint8Array;
  #at = 0;

  constructor(ring: RingWriter, wrote: () => void) {
    this.#ring = ring;
    this.#wrote = wrote;
    this.#words = ring.ring.words;
    this.#bytes = ring.ring.bytes;
  }

  connect(link: LinkId, { host, port }: PeerAddress, timeoutMs: number, infoHash: Uint8Array): void {
    const name = Buffer.from(host);
    this.#begin(record.CONNECT, 4 + INFO_HASH_WORDS + wordsOf(name.length));
    this.#put(link);
    this.#put(Number.isInteger(port) ? port : 0);
    this.#put(timeoutMs);
    this.#put(name.length);
    this.#putBytes(infoHash);
    this.#putBytes(name);
    this.#end();
  }

  share(infoHash: Uint8Array): void {
    this.#begin(record.SHARE, INFO_HASH_WORDS);
    this.#putBytes(infoHash);
    this.#end();
  }

  unshare(infoHash: Uint8Array): void {
    this.#begin(record.UNSHARE, INFO_HASH_WORDS);
    this.#putBytes(infoHash);
    this.#end();
  }

  /** False when the shard is so far behind that more bytes of this link wait than a socket may keep: it is to be closed. */
  send(link: LinkId, bytes: Uint8Array): boolean {
    for (let from = 0; from < bytes.length; from += record.RECORD_BYTES_MAX) {
      const part = bytes.subarray(from, from + record.RECORD_BYTES_MAX);
      this.#begin(record.SEND, 2 + wordsOf(part.length));
      this.#put(link);
      this.#put(part.length);
      this.#putBytes(part);
      if (this.#waits()) this.#waitingBytes.set(link, (this.#waitingBytes.get(link) ?? 0) + part.length);
      this.#end();
    }
    return (this.#waitingBytes.get(link) ?? 0) <= CONTROL_QUEUE_BYTES;
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    this.#command(record.LIMIT, link, bytesMax);
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    this.#batch(record.REQUEST, link, batch, count * REQUEST_STRIDE, REQUEST_STRIDE);
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    this.#begin(record.REVOKE, 4);
    this.#put(link);
    this.#put(piece);
    this.#put(begin);
    this.#put(cancel ? 1 : 0);
    this.#end();
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    this.#command(record.REVOKE_ALL, link, cancel ? 1 : 0);
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    this.#batch(record.SERVE, link, batch, count * SERVE_STRIDE, SERVE_STRIDE);
  }

  close(link: LinkId): void {
    this.#command(record.CLOSE, link);
  }

  resume(link: LinkId): void {
    this.#command(record.RESUME, link);
  }

  admit(link: LinkId): void {
    this.#command(record.ADMIT, link);
  }

  refuse(link: LinkId): void {
    this.#command(record.REFUSE, link);
  }

  listen(ticket: number, { host, port }: PeerAddress, ipv6Only: boolean): void {
    const name = Buffer.from(host);
    this.#begin(record.LISTEN, 4 + wordsOf(name.length));
    this.#put(ticket);
    this.#put(port);
    this.#put(ipv6Only ? 1 : 0);
    this.#put(name.length);
    this.#putBytes(name);
    this.#end();
  }

  shutDown(): void {
    this.#command(record.SHUT_DOWN);
  }

  /** Puts into the ring what waits and fits by now. */
  flush(): void {
    const { ring } = this.#ring;
    while (this.#waits()) {
      const next = this.#waiting[this.#oldest]!;
      const at = this.#ring.begin(next[0]!, next.length - 1);
      if (at === FULL) {
        if (this.#ring.wantRoom()) break;
        continue;
      }
      ring.words.set(next.subarray(1), at);
      this.#ring.end();
      if (next[0] === record.SEND) this.#fits(next[1]!, next[2]!);
      this.#oldest++;
    }
    this.#waiting.splice(0, this.#oldest);
    this.#oldest = 0;
    this.#wrote();
  }

  #waits(): boolean {
    return this.#oldest < this.#waiting.length;
  }

  #fits(link: LinkId, bytes: number): void {
    const left = this.#waitingBytes.get(link)! - bytes;
    if (left > 0) this.#waitingBytes.set(link, left);
    else this.#waitingBytes.delete(link);
  }

  #command(kind: number, ...numbers: readonly number[]): void {
    this.#begin(kind, numbers.length);
    for (const number of numbers) this.#put(number);
    this.#end();
  }

  #batch(kind: number, link: LinkId, batch: Int32Array, words: number, stride: number): void {
    const wordsMax = record.RECORD_BATCH_MAX * stride;
    for (let from = 0; from < words; from += wordsMax) {
      const to = Math.min(words, from + wordsMax);
      this.#begin(kind, 1 + to - from);
      this.#put(link);
      for (let i = from; i < to; i++) this.#put(batch[i]!);
      this.#end();
    }
  }

  #begin(kind: number, payloadWords: number): void {
    const at = this.#waits() ? FULL : this.#ring.begin(kind, payloadWords);
    if (at !== FULL) {
      const { ring } = this.#ring;
      this.#words = ring.words;
      this.#bytes = ring.bytes;
      this.#at = at;
      return;
    }
    this.#words = new Int32Array(1 + payloadWords);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#words[0] = kind;
    this.#at = 1;
    this.#waiting.push(this.#words);
  }

  #put(number: number): void {
    this.#words[this.#at++] = number;
  }

  #putBytes(bytes: Uint8Array): void {
    putBytes(this.#bytes, this.#at, bytes);
    this.#at += wordsOf(bytes.length);
  }

  #end(): void {
    if (!this.#waits()) this.#ring.end();
    else if (this.#waiting.length === 1) this.flush();
    this.#wrote();
  }
}
