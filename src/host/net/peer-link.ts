// One connection to a peer, over TCP or uTP: a socket, the receiver of what comes in, the sender of blocks. A TCP socket
// reads where the receiver says, so a block's bytes go from the kernel to their place in piece memory.
import { PeerError } from '../../base/errors.ts';
import {
  type LinkEnd,
  type LinkId,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
} from '../../engine/ports.ts';
import type { MseHandshake, MseOutcome } from '../../protocol/mse/mse-handshake.ts';
import type { Rc4 } from '../../protocol/mse/rc4.ts';
import type { BlockReceiver } from '../../protocol/wire/block-receiver.ts';
import { HANDSHAKE_BYTES } from '../../protocol/wire/handshake.ts';
import { REQUEST_MESSAGE_BYTES, writeCancel, writeRequest } from '../../protocol/wire/message-writer.ts';
import { CONTROL_QUEUE_BYTES } from '../limits.ts';
import type { StageTimes } from '../profile/stage-times.ts';
import { BlockSender, type SenderCommons } from './block-sender.ts';
import type { LinkOpening } from './link-opening.ts';
import type { LinkSocket } from './link-socket.ts';

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
  readonly senders: SenderCommons;
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
  readonly #sender: BlockSender;
  /** Present until the peer's first word. */
  #opening: LinkOpening | undefined;
  /** Present when the link is encrypted: every byte passes once, in order. */
  #receiving: Rc4 | undefined;
  #sending: Rc4 | undefined;
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
    this.#sender = new BlockSender(parts.senders, (count) => this.#owner.served(this, count));
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
    if (socket.writableLength - this.#sender.bytesUnderWay > CONTROL_QUEUE_BYTES) {
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

  serve(batch: Int32Array, count: number): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || count === 0) return;
    this.#sender.send(socket, batch, count, this.#sending);
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
}
