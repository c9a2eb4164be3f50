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
  type ServedBlock,
} from '../../engine/ports.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from '../../protocol/wire/block.ts';
import type { BlockReceiver } from '../../protocol/wire/block-receiver.ts';
import {
  REQUEST_MESSAGE_BYTES,
  writeCancel,
  writePieceHeader,
  writeRequest,
} from '../../protocol/wire/message-writer.ts';
import { CONTROL_QUEUE_BYTES } from '../limits.ts';
import type { StageTimes } from '../profile/stage-times.ts';

/** What a link tells its host. */
export interface LinkOwner {
  /** Bytes were received: whatever the receiver reported meanwhile can be passed on. */
  received(link: TcpLink): void;
  /** A destination moved: places may have been given back. */
  settled(): void;
  served(link: TcpLink, block: ServedBlock): void;
  ended(link: TcpLink, end: LinkEnd): void;
}

export interface LinkParts {
  readonly id: LinkId;
  readonly receiver: BlockReceiver;
  readonly owner: LinkOwner;
  readonly arena: Uint8Array;
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
  readonly #arena: Uint8Array;
  readonly #serving: ServedBlock[] = [];
  #servingBytes = 0;
  #corked = false;
  #socket: Socket | undefined;
  #end: LinkEnd = { code: 'ERR_LINK_CLOSED', message: 'the peer closed the connection' };

  constructor(parts: LinkParts) {
    this.id = parts.id;
    this.receiver = parts.receiver;
    this.#owner = parts.owner;
    this.#arena = parts.arena;
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

  /** Header and view go out in one call of the kernel; the view is not copied. */
  serve(block: ServedBlock): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    const header = new Uint8Array(PIECE_HEADER_BYTES);
    writePieceHeader(header, 0, block.piece, block.begin, block.length);
    const offset = block.place * BLOCK_BYTES;
    this.#serving.push(block);
    this.#servingBytes += block.length;
    if (!this.#corked) {
      // Blocks that the disk gives together leave together.
      this.#corked = true;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    socket.write(header);
    socket.write(this.#arena.subarray(offset, offset + block.length), this.#onServed);
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

  /** Writes end in the order they were made, so one callback serves them all. */
  readonly #onServed = (error?: Error | null): void => {
    const block = this.#serving.shift();
    if (block === undefined || error) return;
    this.#servingBytes -= block.length;
    this.#owner.served(this, block);
  };
}
