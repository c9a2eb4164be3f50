// One connection to a peer, over TCP or uTP: a socket, its receiver, and the blocks on their way out. A TCP socket reads
// where the receiver says, so a block's bytes go from the kernel to their place in piece memory.
import { PeerError } from '../../base/errors.ts';
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
import type { MseHandshake, MseOutcome } from '../../protocol/mse/mse-handshake.ts';
import type { Rc4 } from '../../protocol/mse/rc4.ts';
import type { BlockReceiver } from '../../protocol/wire/block-receiver.ts';
import { HANDSHAKE_BYTES } from '../../protocol/wire/handshake.ts';
import { REQUEST_MESSAGE_BYTES, writeCancel, writeRequest } from '../../protocol/wire/message-writer.ts';
import { CONTROL_QUEUE_BYTES } from '../limits.ts';
import type { StageTimes } from '../profile/stage-times.ts';
import type { LinkOpening } from './link-opening.ts';
import type { LinkSocket } from './link-socket.ts';
import type { SealedBlocks } from './sealed-blocks.ts';
import type { SendViews, SentBlock } from './send-views.ts';

/** What a link tells its host. */
export interface LinkOwner {
  /** Bytes were received: whatever the receiver reported meanwhile can be passed on. */
  received(link: PeerLink): void;
  /** A destination moved: places may have been given back. */
  settled(): void;
  /** The oldest `count` blocks that were served have left. */
  served(link: PeerLink, count: number): void;
  ended(link: PeerLink, end: LinkEnd): void;
}

export interface LinkParts {
  readonly id: LinkId;
  readonly receiver: BlockReceiver;
  readonly owner: LinkOwner;
  /** Where is read what does not go to the receiver by itself: it is taken out before anything else is read. */
  readonly negotiationBuffer: Uint8Array;
  readonly sealedBlocks: SealedBlocks;
  readonly views: SendViews;
  /** Present when profiling. */
  readonly times: StageTimes | undefined;
}

const CLOSED_THERE: LinkEnd = { code: 'ERR_LINK_CLOSED', message: 'the peer closed the connection' };

/** A connection, from the dial or the accept until `ended`. */
export class PeerLink {
  readonly id: LinkId;
  readonly receiver: BlockReceiver;
  /** The socket has read `count` bytes into the last destination. */
  readonly onRead: (count: number, destination: Uint8Array) => boolean;
  readonly #owner: LinkOwner;
  readonly #negotiationBuffer: Uint8Array;
  readonly #sealedBlocks: SealedBlocks;
  /** Present until the peer's first word. */
  #opening: LinkOpening | undefined;
  /** Present when the link is encrypted: every byte passes once, in order. */
  #receiving: Rc4 | undefined;
  #sending: Rc4 | undefined;
  /** The encrypted messages of `#serving`. */
  readonly #sealed: Uint8Array[] = [];
  readonly #views: SendViews;
  /** The block that is being sent: one object for all. */
  readonly #sent: SentBlock = { place: 0, offset: 0, piece: 0, begin: 0, length: 0 };
  /** Blocks and bytes of each batch on its way, oldest first. */
  readonly #serving: number[] = [];
  #servingBytes = 0;
  #corked = false;
  #socket: LinkSocket | undefined;
  #end: LinkEnd = CLOSED_THERE;
  /** Present while nothing more is taken in: bytes that came along with what was the last. */
  #held: Uint8Array[] | undefined;
  #handshakeMissing = HANDSHAKE_BYTES;

  constructor(parts: LinkParts) {
    this.id = parts.id;
    this.receiver = parts.receiver;
    this.#owner = parts.owner;
    this.#negotiationBuffer = parts.negotiationBuffer;
    this.#sealedBlocks = parts.sealedBlocks;
    this.#views = parts.views;
    this.onRead = parts.times === undefined ? this.#read : this.#timedRead(parts.times);
  }

  /** Takes over the socket. Reading is wired up by whoever made it, see `onread` and `onChunk`. */
  attach(socket: LinkSocket): void {
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // When every address of a name has failed, the reasons are inside, and the message is empty.
      const message = error.message === '' ? 'the connection failed' : error.message;
      this.#end = { code: error.code ?? 'ERR_LINK_SOCKET', message };
    });
    // A peer that sends no more has left: waiting for it to read would keep the link open as long as it likes.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      // A dial that has found its socket is nobody's any more.
      if (socket !== this.#socket) return;
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
    for (const bytes of this.#opening?.words() ?? []) this.#socket!.write(bytes);
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
    // What is held goes to the receiver first, so a read that is asked for meanwhile may not go there by itself.
    const elsewhere = this.#opening?.negotiating || this.#held !== undefined;
    const destination = elsewhere ? this.#negotiationBuffer : this.receiver.destination();
    this.#owner.settled();
    return destination;
  };

  readonly #read = (count: number, destination: Uint8Array): boolean => {
    this.#take(count, destination);
    this.#owner.received(this);
    return true;
  };

  #take(count: number, destination: Uint8Array): void {
    if (this.#opening !== undefined && !this.#opens(destination, count)) return;
    this.#receiving?.apply(destination, 0, count);
    if (destination === this.#negotiationBuffer) this.#push(destination.subarray(0, count));
    else {
      this.#countHandshake(count);
      this.receiver.arrived(count);
    }
  }

  #timedRead(times: StageTimes): (count: number, destination: Uint8Array) => boolean {
    return (count, destination) => {
      times.enter('place');
      this.#take(count, destination);
      times.leave();
      this.#owner.received(this);
      return true;
    };
  }

  /** The copying fallback: a chunk in memory that nobody else reads. */
  readonly onChunk = (chunk: Uint8Array): void => {
    if (this.#opening === undefined || this.#opens(chunk, chunk.length)) {
      this.#receiving?.apply(chunk);
      this.#push(chunk);
    }
    this.#owner.received(this);
  };

  /** The same for payload of a datagram, which is ours. */
  readonly onPayload = (packet: Uint8Array, from: number, to: number): void => {
    this.onChunk(packet.subarray(from, to));
  };

  /** Takes in nothing more before `resume`. A socket that reads to a destination has read nothing beyond a handshake. */
  hold(): void {
    this.#held = [];
    this.#socket?.pause?.();
  }

  resume(): void {
    const held = this.#held;
    const socket = this.#socket;
    if (held === undefined || socket === undefined || socket.destroyed) return;
    this.#held = undefined;
    for (const bytes of held) this.#push(bytes);
    this.#owner.received(this);
    if (this.#held === undefined) socket.resume?.();
  }

  /** Bytes that were read elsewhere. A handshake is told apart from what follows it, which may have to wait. */
  #push(bytes: Uint8Array): void {
    if (this.#handshakeMissing === 0 && this.#held === undefined) return this.receiver.push(bytes);
    let from = 0;
    while (from < bytes.length && this.#held === undefined) {
      const part = bytes.subarray(from, from + (this.#handshakeMissing || bytes.length));
      this.#countHandshake(part.length);
      this.receiver.push(part);
      from += part.length;
    }
    if (from < bytes.length) this.#held!.push(bytes.slice(from));
  }

  /** A read to the receiver's destination never goes beyond a handshake that is not complete. */
  #countHandshake(count: number): void {
    if (this.#handshakeMissing > 0) this.#handshakeMissing = Math.max(0, this.#handshakeMissing - count);
  }

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
    this.#push(outcome.payload);
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
      const block = this.#sent;
      block.piece = batch[at + SERVE_PIECE]!;
      block.begin = batch[at + SERVE_BEGIN]!;
      block.length = batch[at + SERVE_LENGTH]!;
      block.place = batch[at + SERVE_PLACE]!;
      block.offset = batch[at + SERVE_OFFSET]!;
      bytes += block.length;
      const last = this.#sending === undefined ? this.#plain(socket, block) : this.#sealedMessage(block, this.#sending);
      if (record + 1 < count) socket.write(last);
      else socket.write(last, this.#onServed);
    }
    this.#serving.push(count, bytes);
    this.#servingBytes += bytes;
  }

  /** Writes what comes before the last view of a block's message, which is returned. */
  #plain(socket: LinkSocket, block: SentBlock): Uint8Array {
    if (this.#views.isWhole(block)) return this.#views.message(block);
    socket.write(this.#views.header(block));
    return this.#views.bytes(block);
  }

  #sealedMessage(block: SentBlock, cipher: Rc4): Uint8Array {
    const sealed = this.#sealedBlocks.seal(this.#views.header(block), this.#views.bytes(block), cipher);
    this.#sealed.push(sealed);
    return sealed;
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

  /** Writes end in the order they were made, so one callback serves all batches. */
  readonly #onServed = (error?: Error | null): void => {
    if (error) return;
    const count = this.#serving.shift()!;
    const sealed = Math.min(count, this.#sealed.length);
    for (let i = 0; i < sealed; i++) this.#sealedBlocks.giveBack(this.#sealed.shift()!);
    this.#servingBytes -= this.#serving.shift()!;
    this.#owner.served(this, count);
  };
}
