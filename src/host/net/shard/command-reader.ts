// The shard's end of its command ring: unpacks what the engine asks and asks it of the link host of this thread.
import { type PeerAddress, type PeerPort, REQUEST_STRIDE, SERVE_STRIDE } from '../../../engine/ports.ts';
import { takeBytes, takeText } from './record-bytes.ts';
import type { RingReader } from './ring-reader.ts';
import * as record from './shard-records.ts';

/** What a shard does beside what a PeerPort does. */
export interface ShardCommands {
  /** The engine has answered a handshake: the link may say more. */
  resume(link: number): void;
  /** Somebody who was told of as `incoming` is let in, or is not. */
  admit(link: number): void;
  refuse(link: number): void;
  listen(ticket: number, address: PeerAddress, ipv6Only: boolean): void;
  shutDown(): void;
}

export class CommandReader {
  readonly #reader: RingReader;
  readonly #port: PeerPort;
  readonly #shard: ShardCommands;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #batch = new Int32Array(record.RECORD_BATCH_MAX * Math.max(REQUEST_STRIDE, SERVE_STRIDE));

  constructor(reader: RingReader, port: PeerPort, shard: ShardCommands) {
    this.#reader = reader;
    this.#port = port;
    this.#shard = shard;
    this.#words = reader.ring.words;
    this.#bytes = reader.ring.bytes;
  }

  /** Does what the record says that the reader stands at. */
  readonly act = (): void => {
    const { kind, at } = this.#reader;
    const link = this.#words[at]!;
    switch (kind) {
      case record.CONNECT:
        return this.#connect(at);
      case record.SHARE:
        return this.#port.share(takeBytes(this.#bytes, at, record.INFO_HASH_BYTES));
      case record.UNSHARE:
        return this.#port.unshare(takeBytes(this.#bytes, at, record.INFO_HASH_BYTES));
      case record.SEND:
        return this.#port.send(link, takeBytes(this.#bytes, at + 2, this.#words[at + 1]!));
      case record.LIMIT:
        return this.#port.limitMessages(link, this.#words[at + 1]!);
      case record.REQUEST:
        return this.#port.request(link, this.#batch, this.#takeBatch(REQUEST_STRIDE));
      case record.REVOKE:
        return this.#port.revoke(link, this.#words[at + 1]!, this.#words[at + 2]!, this.#words[at + 3] === 1);
      case record.REVOKE_ALL:
        return this.#port.revokeAll(link, this.#words[at + 1] === 1);
      case record.SERVE:
        return this.#port.serve(link, this.#batch, this.#takeBatch(SERVE_STRIDE));
      case record.CLOSE:
        return this.#port.close(link);
      case record.RESUME:
        return this.#shard.resume(link);
      case record.ADMIT:
        return this.#shard.admit(link);
      case record.REFUSE:
        return this.#shard.refuse(link);
      case record.LISTEN:
        return this.#listen(at);
      case record.SHUT_DOWN:
        return this.#shard.shutDown();
      default:
        throw new Error(`no command has the number ${kind}`);
    }
  };

  #connect(at: number): void {
    const words = this.#words;
    const infoHash = takeBytes(this.#bytes, at + 4, record.INFO_HASH_BYTES);
    const host = takeText(this.#bytes, at + 4 + record.INFO_HASH_BYTES / 4, words[at + 3]!);
    this.#port.connect(words[at]!, { host, port: words[at + 1]! }, words[at + 2]!, infoHash);
  }

  #listen(at: number): void {
    const words = this.#words;
    const host = takeText(this.#bytes, at + 4, words[at + 3]!);
    this.#shard.listen(words[at]!, { host, port: words[at + 1]! }, words[at + 2] === 1);
  }

  /** Copies the records that follow the link into `#batch`; returns how many there are. */
  #takeBatch(stride: number): number {
    const { at, length } = this.#reader;
    for (let i = 1; i < length; i++) this.#batch[i - 1] = this.#words[at + i]!;
    return (length - 1) / stride;
  }
}
