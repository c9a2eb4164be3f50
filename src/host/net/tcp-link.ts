// One TCP connection to a peer: a socket, its receiver, and the blocks on their way out.
// The socket reads where the receiver says, so a block's bytes go from the kernel to their place in piece memory.
import type { Socket } from 'node:net';
import {
  type LinkEnd,
  type LinkId,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
  SERVE_BEGIN,
  SERVE_LENGTH,
  SERVE_OFFSET,
  SERVE_PIECE,
  SERVE_PLACE,
  SERVE_STRIDE,
} from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import type { BlockReceiver } from '../../protocol/wire/block-receiver.ts';
import { REQUEST_MESSAGE_BYTES, writeCancel, writeRequest } from '../../protocol/wire/message-writer.ts';
import { CONTROL_QUEUE_BYTES } from '../limits.ts';
import type { StageTimes } from '../profile/stage-times.ts';
import type { SendViews } from './send-views.ts';

/** What a link tells its host. */
export interface LinkOwner {
  /** Bytes were received: whatever the receiver reported meanwhile can be passed on. */
  received(link: TcpLink): void;
  /** A destination moved: places may have been given back. */
  settled(): void;
  /** The oldest `count` blocks that were served have left. */
  served(link: TcpLink, count: number): void;
  ended(link: TcpLink, end: LinkEnd): void;
}

export interface LinkParts {
  readonly id: LinkId;
  readonly receiver: BlockReceiver;
  readonly owner: LinkOwner;
  readonly views: SendViews;
  /** Present when profiling. */
  readonly times: StageTimes | undefined;
}

/** A connection, from the dial or the accept until `ended`. */
export class TcpLink {
  readonly id: LinkId;
  readonly receiver: BlockReceiver;
  /** The socket has read `count` bytes into the last destination. */
  readonly onRead: (count: number) => boolean;
  readonly #owner: LinkOwner;
  readonly #views: SendViews;
  /** Blocks and bytes of each batch on its way, oldest first. */
  readonly #serving: number[] = [];
  #servingBytes = 0;
  #corked = false;
  #socket: Socket | undefined;
  #end: LinkEnd = { code: 'ERR_LINK_CLOSED', message: 'the peer closed the connection' };

  constructor(parts: LinkParts) {
    this.id = parts.id;
    this.receiver = parts.receiver;
    this.#owner = parts.owner;
    this.#views = parts.views;
    this.onRead = parts.times === undefined ? this.#read : this.#timedRead(parts.times);
  }

  /** Takes over the socket. Reading is wired up by whoever made it, see `onread` and `onChunk`. */
  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // When every address of a name has failed, the reasons are inside, and the message is empty.
      const message = error.message === '' ? 'the connection failed' : error.message;
      this.#end = { code: error.code ?? 'ERR_LINK_SOCKET', message };
    });
    // A peer that sends no more has left: waiting for it to read would keep the link open as long as it likes.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.receiver.close();
      this.#owner.ended(this, this.#end);
    });
  }

  /** Ends a link that cannot have a socket: soon, for no call answers at once. */
  refuse(end: LinkEnd): void {
    setImmediate(() => {
      this.receiver.close();
      this.#owner.ended(this, end);
    });
  }

  /** The destination of the socket's next read. */
  readonly nextDestination = (): Uint8Array => {
    const destination = this.receiver.destination();
    this.#owner.settled();
    return destination;
  };

  readonly #read = (count: number): boolean => {
    this.receiver.arrived(count);
    this.#owner.received(this);
    return true;
  };

  #timedRead(times: StageTimes): (count: number) => boolean {
    return (count) => {
      times.enter('place');
      this.receiver.arrived(count);
      times.leave();
      this.#owner.received(this);
      return true;
    };
  }

  /** The copying fallback: a chunk in memory that is not ours. */
  readonly onChunk = (chunk: Uint8Array): void => {
    this.receiver.push(chunk);
    this.#owner.received(this);
  };

  send(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    socket.write(bytes);
    if (socket.writableLength - this.#servingBytes > CONTROL_QUEUE_BYTES) {
      this.close({ code: 'ERR_LINK_SEND_QUEUE', message: 'the peer does not read what it is sent' });
    }
  }

  request(batch: Int32Array, count: number): void {
    const bytes = new Uint8Array(count * REQUEST_MESSAGE_BYTES);
    for (let i = 0; i < count; i++) {
      const at = i * REQUEST_STRIDE;
      const piece = batch[at + REQUEST_PIECE]!;
      const begin = batch[at + REQUEST_BEGIN]!;
      const length = batch[at + REQUEST_LENGTH]!;
      this.receiver.expect(piece, begin, length, batch[at + REQUEST_PLACE]!);
      writeRequest(bytes, i * REQUEST_MESSAGE_BYTES, piece, begin, length);
    }
    this.send(bytes);
  }

  sendCancel(piece: number, begin: number, length: number): void {
    const bytes = new Uint8Array(REQUEST_MESSAGE_BYTES);
    writeCancel(bytes, 0, piece, begin, length);
    this.send(bytes);
  }

  /** Headers and views of a batch, and of those that come in the same turn, go out in one call of the kernel. */
  serve(batch: Int32Array, count: number): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || count === 0) return;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    let bytes = 0;
    for (let record = 0; record < count; record++) {
      const at = record * SERVE_STRIDE;
      const length = batch[at + SERVE_LENGTH]!;
      const start = batch[at + SERVE_PLACE]! * BLOCK_BYTES + batch[at + SERVE_OFFSET]!;
      bytes += length;
      socket.write(this.#views.header(start, batch[at + SERVE_PIECE]!, batch[at + SERVE_BEGIN]!, length));
      if (record + 1 < count) socket.write(this.#views.block(start, length));
      else socket.write(this.#views.block(start, length), this.#onServed);
    }
    this.#serving.push(count, bytes);
    this.#servingBytes += bytes;
  }

  close(end: LinkEnd): void {
    if (this.#socket === undefined || this.#socket.destroyed) return;
    this.#end = end;
    this.receiver.stop();
    this.#socket.destroy();
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket?.uncork();
  };

  /** Writes end in the order they were made, so one callback serves all batches. */
  readonly #onServed = (error?: Error | null): void => {
    if (error) return;
    const count = this.#serving.shift()!;
    this.#servingBytes -= this.#serving.shift()!;
    this.#owner.served(this, count);
  };
}
