// One connection of a fake peer: by itself a good, complete seeder; its behaviours make it worse.
import type net from 'node:net';
import type { Behaviour, BehaviourMaker } from './behaviour.ts';
import {
  BITFIELD,
  type BlockRequest,
  CHOKE,
  type Frame,
  FrameReader,
  frame,
  handshake,
  INTERESTED,
  pieceFrame,
  REQUEST,
  readRequest,
  UNCHOKE,
} from './frames.ts';

/** The torrent that a fake peer holds in memory. */
export interface FakeTorrent {
  readonly infoHash: Uint8Array;
  readonly pieceBytes: number;
  readonly bytes: Uint8Array;
}

/** What a session tells its owner. */
export interface SessionOwner {
  readonly torrent: FakeTorrent;
  readonly peerId: Uint8Array;
  has(piece: number): boolean;
  requested(request: BlockRequest): void;
  sent(blockBytes: number): void;
}

export interface SessionOptions {
  readonly behaviours: readonly BehaviourMaker[];
  /** We called them, so we have greeted them already. */
  readonly dialled: boolean;
}

export class PeerSession {
  readonly torrent: FakeTorrent;
  readonly socket: net.Socket;
  /** Resolves once the connection is gone. */
  readonly closed: Promise<void>;
  readonly #owner: SessionOwner;
  readonly #behaviours: readonly Behaviour[];
  readonly #dialled: boolean;
  readonly #reader = new FrameReader();
  #choking = true;

  constructor(owner: SessionOwner, socket: net.Socket, options: SessionOptions) {
    this.#owner = owner;
    this.#dialled = options.dialled;
    this.torrent = owner.torrent;
    this.socket = socket;
    this.#behaviours = options.behaviours.map((make) => make(this));
    socket.setNoDelay(true);
    // A reset is what many a test asks for; `close` follows and is what counts.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const behaviour of this.#behaviours) behaviour.closed?.();
        resolve();
      });
    });
  }

  get choking(): boolean {
    return this.#choking;
  }

  get pieceCount(): number {
    return Math.ceil(this.torrent.bytes.length / this.torrent.pieceBytes);
  }

  /** Says hello: the dialling side does so at once, the other once it has heard who calls. */
  greet(): void {
    let bytes = handshake(this.torrent.infoHash, this.#owner.peerId);
    for (const behaviour of this.#behaviours) bytes = behaviour.handshake?.(bytes) ?? bytes;
    this.send(bytes);
    let field = this.#bitfield();
    for (const behaviour of this.#behaviours) field = behaviour.bitfield?.(field) ?? field;
    this.send(frame(BITFIELD, field));
  }

  /** Sends bytes through the behaviours. */
  send(bytes: Buffer): void {
    this.#pass(bytes, 0);
  }

  setChoking(choking: boolean): void {
    this.#choking = choking;
    this.send(frame(choking ? CHOKE : UNCHOKE));
  }

  /** Answers a request as a good peer does. */
  answer(request: BlockRequest): void {
    this.sendBlock(request.piece, request.begin, this.read(request));
  }

  /** Sends PIECE, its block as rewritten by the behaviours. */
  sendBlock(piece: number, begin: number, block: Buffer): void {
    let bytes = block;
    for (const behaviour of this.#behaviours)
      bytes = behaviour.block?.({ piece, begin, length: block.length }, bytes) ?? bytes;
    this.#owner.sent(bytes.length);
    this.send(pieceFrame(piece, begin, bytes));
  }

  /** The true bytes of a block. */
  read(request: BlockRequest): Buffer {
    const { bytes, pieceBytes } = this.torrent;
    const start = request.piece * pieceBytes + request.begin;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(request.length, bytes.length - start));
  }

  close(): void {
    this.socket.destroy();
  }

  #bitfield(): Buffer {
    const field = Buffer.alloc(Math.ceil(this.pieceCount / 8));
    for (let piece = 0; piece < this.pieceCount; piece++)
      if (this.#owner.has(piece)) field[piece >> 3]! |= 0x80 >> (piece & 7);
    return field;
  }

  #pass(bytes: Buffer, from: number): void {
    const index = this.#behaviours.findIndex((behaviour, i) => i >= from && behaviour.write !== undefined);
    if (index >= 0) this.#behaviours[index]!.write!(bytes, (rest) => this.#pass(rest, index + 1));
    else if (this.socket.writable) this.socket.write(bytes);
  }

  #receive(chunk: Buffer): void {
    const known = this.#reader.handshake !== undefined;
    const frames = this.#reader.feed(chunk);
    if (!known && this.#reader.handshake !== undefined) {
      if (!this.#dialled) this.greet();
      for (const behaviour of this.#behaviours) behaviour.opened?.();
    }
    for (const received of frames) this.#hear(received);
  }

  #hear(received: Frame): void {
    if (this.#behaviours.some((behaviour) => behaviour.message?.(received) ?? false)) return;
    if (received.id === INTERESTED && this.#choking) this.setChoking(false);
    if (received.id !== REQUEST) return;
    const request = readRequest(received.payload);
    this.#owner.requested(request);
    if (this.#choking) return;
    if (!this.#behaviours.some((behaviour) => behaviour.request?.(request) ?? false)) this.answer(request);
  }
}
