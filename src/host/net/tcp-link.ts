// One TCP connection to a peer: a socket, its receiver, and the blocks on their way out.
// The socket reads where the receiver says, so a block's bytes go from the kernel to their place in piece memory.
import type { Socket } from 'node:net';
import { PeerError } from '../../base/errors.ts';
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
import type { MseHandshake, MseOutcome } from '../../protocol/mse/mse-handshake.ts';
import type { Rc4 } from '../../protocol/mse/rc4.ts';
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
import type { LinkOpening } from './link-opening.ts';
import type { SealedBlocks } from './sealed-blocks.ts';

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
  /** Where encrypted handshakes are read to: they are taken out before anything else is read. */
  readonly negotiationBuffer: Uint8Array;
  readonly sealedBlocks: SealedBlocks;
  /** Present when profiling. */
  readonly times: StageTimes | undefined;
}

const CLOSED_THERE: LinkEnd = { code: 'ERR_LINK_CLOSED', message: 'the peer closed the connection' };

/** A connection, from the dial or the accept until `ended`. */
export class TcpLink {
  readonly id: LinkId;
  readonly receiver: BlockReceiver;
  /** The socket has read `count` bytes into the last destination. */
  readonly onRead: (count: number, destination: Uint8Array) => boolean;
  readonly #owner: LinkOwner;
  readonly #arena: Uint8Array;
  readonly #negotiationBuffer: Uint8Array;
  readonly #sealedBlocks: SealedBlocks;
  /** Present until the peer's first word. */
  #opening: LinkOpening | undefined;
  /** Present when the link is encrypted: every byte passes once, in order. */
  #receiving: Rc4 | undefined;
  #sending: Rc4 | undefined;
  /** The encrypted messages of `#serving`. */
  readonly #sealed: Uint8Array[] = [];
  readonly #serving: ServedBlock[] = [];
  #servingBytes = 0;
  #corked = false;
  #socket: Socket | undefined;
  #end: LinkEnd = CLOSED_THERE;

  constructor(parts: LinkParts) {
    this.id = parts.id;
    this.receiver = parts.receiver;
    this.#owner = parts.owner;
    this.#arena = parts.arena;
    this.#negotiationBuffer = parts.negotiationBuffer;
    this.#sealedBlocks = parts.sealedBlocks;
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
      const end = this.#end;
      this.#opening?.stop();
      this.#end = CLOSED_THERE;
      if (this.#opening?.redial?.()) return;
      this.receiver.close();
      this.#owner.ended(this, end);
    });
  }

  /** True when what is said on this link is encrypted. */
  get encrypted(): boolean {
    return this.#sending !== undefined;
  }

  /** From here on the link is being opened: before its socket is attached. */
  open(opening: LinkOpening): void {
    this.#opening = opening;
  }

  /** Begins an encrypted handshake; `opening` is its first message, if there is one to be sent. */
  negotiate(handshake: MseHandshake, opening?: Uint8Array): void {
    const late = { code: 'ERR_MSE_TIMEOUT', message: 'the encrypted handshake took too long' };
    this.#opening!.negotiate(handshake, () => this.#fail(late));
    if (opening !== undefined) this.#socket!.write(opening);
  }

  /** Says again, over a new connection, what was said before. */
  repeat(): void {
    for (const bytes of this.#opening!.words()) this.#socket!.write(bytes);
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
    const destination = this.#opening?.negotiating ? this.#negotiationBuffer : this.receiver.destination();
    this.#owner.settled();
    return destination;
  };

  readonly #read = (count: number, destination: Uint8Array): boolean => {
    if (this.#opening === undefined || this.#opens(destination, count)) {
      this.#receiving?.apply(destination, 0, count);
      this.receiver.arrived(count);
    }
    this.#owner.received(this);
    return true;
  };

  #timedRead(times: StageTimes): (count: number, destination: Uint8Array) => boolean {
    return (count, destination) => {
      times.enter('place');
      if (this.#opening === undefined || this.#opens(destination, count)) {
        this.#receiving?.apply(destination, 0, count);
        this.receiver.arrived(count);
      }
      times.leave();
      this.#owner.received(this);
      return true;
    };
  }

  /** The copying fallback: a chunk in memory that nobody else reads. */
  readonly onChunk = (chunk: Uint8Array): void => {
    if (this.#opening === undefined || this.#opens(chunk, chunk.length)) {
      this.#receiving?.apply(chunk);
      this.receiver.push(chunk);
    }
    this.#owner.received(this);
  };

  /** The first bytes of a connection have come: true when they are the receiver's, false when the handshake took them. */
  #opens(bytes: Uint8Array, count: number): boolean {
    const opening = this.#opening!;
    if (!opening.negotiating) {
      this.#opening = undefined;
      opening.opened?.();
      return true;
    }
    try {
      const { reply, outcome } = opening.handshake!.receive(bytes.subarray(0, count));
      if (reply.length > 0) this.#socket!.write(reply);
      if (outcome !== undefined) this.#negotiated(opening, outcome);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#fail({ code: error.code, message: error.message });
    }
    return false;
  }

  #negotiated(opening: LinkOpening, outcome: MseOutcome): void {
    const rest = opening.rest();
    opening.stop();
    this.#opening = undefined;
    this.#receiving = outcome.receiving;
    this.#sending = outcome.sending;
    opening.opened?.();
    for (const bytes of rest) this.send(bytes);
    this.receiver.push(outcome.payload);
  }

  send(bytes: Uint8Array): void {
    if (this.#opening !== undefined && !this.#keepsWords(this.#opening, bytes)) return;
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    socket.write(this.#sending === undefined ? bytes : this.#encrypted(bytes, this.#sending));
    if (socket.writableLength - this.#servingBytes > CONTROL_QUEUE_BYTES) {
      this.close({ code: 'ERR_LINK_SEND_QUEUE', message: 'the peer does not read what it is sent' });
    }
  }

  /** True when what is kept may be sent, too. */
  #keepsWords(opening: LinkOpening, bytes: Uint8Array): boolean {
    const kept = opening.keep(bytes);
    if (kept) return !opening.negotiating;
    if (opening.negotiating)
      this.close({ code: 'ERR_LINK_SEND_QUEUE', message: 'the peer does not read what it is sent' });
    this.#opening = undefined;
    return true;
  }

  /** What was handed over may be on its way to others, too: it is not changed. */
  #encrypted(bytes: Uint8Array, cipher: Rc4): Uint8Array {
    const encrypted = bytes.slice();
    cipher.apply(encrypted);
    return encrypted;
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
    const bytes = this.#arena.subarray(offset, offset + block.length);
    if (this.#sending === undefined) {
      socket.write(header);
      socket.write(bytes, this.#onServed);
    } else {
      const sealed = this.#sealedBlocks.seal(header, bytes, this.#sending);
      this.#sealed.push(sealed);
      socket.write(sealed, this.#onServed);
    }
  }

  close(end: LinkEnd): void {
    // A connection that is about to be tried another way has not ended yet.
    const opening = this.#opening;
    opening?.stop();
    this.#opening = undefined;
    if (this.#socket === undefined || (this.#socket.destroyed && opening === undefined)) return;
    this.#end = end;
    this.receiver.stop();
    this.#socket.destroy();
  }

  /** Ends the connection, which may be tried in another way. */
  #fail(end: LinkEnd): void {
    this.#end = end;
    this.#socket?.destroy();
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket?.uncork();
  };

  /** Writes end in the order they were made, so one callback serves them all. */
  readonly #onServed = (error?: Error | null): void => {
    const block = this.#serving.shift();
    const sealed = this.#sealed.shift();
    if (block === undefined || error) return;
    if (sealed !== undefined) this.#sealedBlocks.giveBack(sealed);
    this.#servingBytes -= block.length;
    this.#owner.served(this, block);
  };
}
