// Takes one peer's byte stream apart (BEP 3 framing) so that blocks never pass through a buffer: it says where the next
// bytes are to be written (`destination`), and is told how many were (`arrived`). Blocks go straight to piece memory,
// everything else through a small control buffer.
//
// While blocks are expected, the stream is read straight into frames (frames.ts), header and block as they come:
//
//     frame f, filled so far           frame f+1                     frame f+2
//     |hhhhhhhhhhhhh|████████········|·············|··············|·············| …
//                            '------------ destination of one read ------------'
//
// One read brings as many blocks as the socket has, as far as the frames that follow each other are this very link's
// to fill: requested here, not received, not from anyone else. The block that a header announces stays where it is, and
// its place gets that frame. When something else than a full block comes in between, what was read behind it is copied
// to where it belongs, and the next reads are shorter. Whoever wants a place back (`revoke`) waits until the destination
// has moved off it.
import { readUint32 } from '../../base/bytes.ts';
import { MESSAGE_BYTES_MIN } from '../limits.ts';
import { BLOCK_BYTES, LENGTH_BYTES, PIECE_FIXED_BYTES, PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from './block.ts';
import { ControlBuffer } from './control-buffer.ts';
import { HANDSHAKE_BYTES } from './handshake.ts';
import { PIECE } from './message-id.ts';
import { OwedBlocks } from './owed-blocks.ts';
import { mayBePieceHeader } from './piece-header.ts';
import type { PieceMemory } from './piece-memory.ts';
import { ReadAhead } from './read-ahead.ts';
import type { ReceiverCommons } from './receiver-commons.ts';
import type { ReceiverSink } from './receiver-sink.ts';

const IN_HANDSHAKE = 0;
const IN_CONTROL = 1;
/** Between two blocks of the stream: the next header goes to the start of a frame. */
const IN_HEADER = 2;
const IN_BLOCK = 3;
const IN_SKIP = 4;
const FAILED = 5;

const NOWHERE = -1;

/** The receiving half of a link. */
export class BlockReceiver {
  readonly #link: number;
  readonly #sink: ReceiverSink;
  readonly #commons: ReceiverCommons;
  readonly #memory: PieceMemory;
  readonly #owed: OwedBlocks;
  readonly #ahead: ReadAhead;
  readonly #control = new ControlBuffer();
  #state = IN_HANDSHAKE;
  #view: Uint8Array = new Uint8Array(0);
  #messageBytesMax = MESSAGE_BYTES_MIN;
  #everExpected = false;
  /** Bytes come from elsewhere than a socket's read, and are copied: none is read to a frame whose block is not known. */
  #copying = false;
  // The header, the block or the bytes to skip that are coming in.
  #frame = NOWHERE;
  #place = NOWHERE;
  #piece = 0;
  #begin = 0;
  #length = 0;
  #filled = 0;
  /** Where in piece memory the present destination begins. */
  #viewOffset = 0;

  constructor(link: number, sink: ReceiverSink, commons: ReceiverCommons) {
    this.#link = link;
    this.#sink = sink;
    this.#commons = commons;
    this.#memory = commons.memory;
    this.#owed = new OwedBlocks(link, commons.memory, sink);
    this.#ahead = new ReadAhead(link, commons.memory);
  }

  /** Longest message body, in bytes, that the peer may send from now on, PIECE apart. */
  limitMessages(bytesMax: number): void {
    this.#messageBytesMax = bytesMax;
  }

  /** From now on this block is put into its place, which belongs to this link until landed or returned. */
  expect(piece: number, begin: number, length: number, place: number): void {
    this.#owed.add(piece, begin, length, place);
    this.#everExpected = true;
  }

  /**
   * Stops expecting a block. Its length when it was expected, and `returned` follows, at once or later; 0 when it was
   * not, or is already coming in.
   */
  revoke(piece: number, begin: number): number {
    return this.#owed.revoke(piece, begin, this.#ahead);
  }

  /** Revokes every expected block; `visit` hears of each. Blocks under way land, and are not visited. */
  revokeEach(visit: (piece: number, begin: number, length: number) => void): void {
    const { expected } = this.#owed;
    for (const position of expected.positions()) {
      const piece = expected.pieceAt(position);
      const begin = expected.beginAt(position);
      const length = this.revoke(piece, begin);
      if (length > 0) visit(piece, begin, length);
    }
  }

  /** Tells nothing more, for the link is about to be closed. Its places stay its own: the socket keeps its destination. */
  stop(): void {
    this.#state = FAILED;
  }

  /** Frees every place: the link's socket is closed and will not write again. Tells nobody. */
  close(): void {
    this.#state = FAILED;
    if (this.#place !== NOWHERE) this.#memory.release(this.#place, this.#link);
    this.#place = NOWHERE;
    this.#owed.releaseAll();
  }

  /** Where the next bytes belong. Never empty. The view may be written to until the next call. */
  destination(): Uint8Array {
    this.#ahead.clear();
    this.#enterOrLeaveStream();
    switch (this.#state) {
      case IN_HEADER:
      case IN_BLOCK:
        this.#view = this.#streamDestination();
        break;
      case IN_SKIP:
        this.#view = this.#commons.discard.subarray(0, Math.min(this.#length - this.#filled, BLOCK_BYTES));
        break;
      case FAILED:
        this.#view = this.#commons.discard;
        break;
      default:
        this.#view = this.#control.room(this.#controlWanted());
    }
    this.#owed.settle();
    return this.#view;
  }

  /** `count` bytes were written to the start of the last destination. */
  arrived(count: number): void {
    this.#commons.counters.addReads(1);
    this.#ahead.learn(count, this.#view.length);
    switch (this.#state) {
      case IN_HEADER:
      case IN_BLOCK:
        return this.#streamArrived(count);
      case IN_SKIP:
        return void this.#skipArrived(count);
      case FAILED:
        return;
      default:
        this.#control.filled(count);
        this.#parse();
    }
  }

  /**
   * For sources that hand over chunks, as datagrams are: each byte goes once from its chunk to its place; what a header
   * lacks is awaited in the control buffer. Nothing is allocated for blocks. The chunk is the caller's again after.
   */
  push(chunk: Uint8Array): void {
    // Nobody holds a destination while a chunk is taken apart, so no place has to wait for the next one.
    this.#ahead.clear();
    this.#owed.settle();
    this.#copying = true;
    this.#enterOrLeaveStream();
    for (let offset = 0; offset < chunk.length && this.#state !== FAILED; ) {
      const left = chunk.length - offset;
      switch (this.#state) {
        case IN_BLOCK:
          offset += this.#copyToBlock(chunk, offset, Math.min(left, this.#length - this.#filled));
          break;
        case IN_SKIP:
          offset += this.#skipArrived(Math.min(left, this.#length - this.#filled));
          break;
        default:
          offset += this.#control.copy(chunk, offset, this.#controlWanted());
          this.#parse();
      }
    }
    this.#copying = false;
  }

  /** Moves block bytes that were not read to their place: the copy that the counters show. */
  #copyToBlock(chunk: Uint8Array, offset: number, count: number): number {
    const to = this.#frame * PIECE_MESSAGE_BYTES + PIECE_HEADER_BYTES + this.#filled;
    this.#memory.frames.copyIn(chunk, offset, count, to);
    this.#commons.counters.addCopied(count);
    this.#filled += count;
    if (this.#filled === this.#length) this.#blockDone();
    return count;
  }

  /** Blocks are read as a stream while more waits in the socket than was read; a header that is waited for holds no frame. */
  #enterOrLeaveStream(): void {
    const memory = this.#memory;
    const idle = this.#ahead.waits && this.#filled === 0;
    if (this.#state === IN_HEADER && (idle || this.#copying || !memory.awaits(this.#frame, this.#link))) {
      this.#control.begin(memory.frames.bytes, this.#frame * PIECE_MESSAGE_BYTES, this.#filled);
      this.#state = IN_CONTROL;
    }
    if (this.#state !== IN_CONTROL || this.#ahead.waits || this.#copying || this.#control.length > 0) return;
    if (this.#owed.expected.count === 0) return;
    this.#state = IN_HEADER;
    this.#frame = memory.frames.frameOf(this.#owed.expected.placeAt(this.#owed.expected.first()));
    this.#filled = 0;
  }

  /** The rest of the present header and block, and of the frames behind it that are this link's to fill. */
  #streamDestination(): Uint8Array {
    const inHeader = this.#state === IN_HEADER;
    const offset = this.#frame * PIECE_MESSAGE_BYTES + (inHeader ? 0 : PIECE_HEADER_BYTES);
    this.#viewOffset = offset + this.#filled;
    this.#ahead.cover(this.#frame);
    let end: number;
    if (inHeader) {
      const full = this.#owed.expected.fullAhead(1 + this.#ahead.frames);
      end = full === 0 ? offset + PIECE_HEADER_BYTES : this.#ahead.reach(this.#frame, full - 1);
    } else if (this.#length !== BLOCK_BYTES) {
      end = offset + this.#length;
    } else {
      end = this.#ahead.reach(this.#frame, this.#owed.expected.fullAhead(this.#ahead.frames));
    }
    return this.#memory.frames.view(this.#viewOffset, end);
  }

  /** While blocks are expected never more than the present message: every byte beyond would be a block's. */
  #controlWanted(): number {
    if (this.#state === IN_HANDSHAKE) return HANDSHAKE_BYTES - this.#control.length;
    return this.#owed.expected.count > 0 ? this.#control.missing() : this.#control.idleRoom(this.#everExpected);
  }

  /** Takes headers and blocks as they lie in the frames. */
  #streamArrived(count: number): void {
    let at = this.#viewOffset;
    const end = at + count;
    for (;;) {
      if (this.#state === IN_BLOCK) {
        const taken = Math.min(end - at, this.#length - this.#filled);
        at += taken;
        this.#filled += taken;
        this.#commons.counters.addPlaced(taken);
        if (this.#filled < this.#length) return;
        if (this.#length !== BLOCK_BYTES && at < end) return this.#shortBlockDone(at, end);
        this.#blockDone();
      } else {
        const taken = Math.min(end - at, PIECE_HEADER_BYTES - this.#filled);
        at += taken;
        this.#filled += taken;
        const start = this.#frame * PIECE_MESSAGE_BYTES;
        if (!mayBePieceHeader(this.#memory.frames.bytes, start, this.#filled)) return this.#leaveStream(start, end);
        if (this.#filled < PIECE_HEADER_BYTES) return;
        this.#begins(this.#memory.frames.bytes, start);
        // The block stays in the frame that its header lies in.
        if (this.#state === IN_BLOCK) this.#memory.frames.exchange(this.#place, this.#frame);
        if (this.#state === IN_SKIP) at += this.#skipArrived(Math.min(end - at, this.#length));
      }
      if (this.#state === IN_CONTROL && !this.#nextFrame(at, end)) return;
      if (this.#state !== IN_BLOCK && this.#state !== IN_HEADER) return;
    }
  }

  /** A block, or what was skipped in its place, is over: true when its successor lies in the next frame. */
  #nextFrame(at: number, end: number): boolean {
    const next = this.#frame + 1;
    if (this.#length === BLOCK_BYTES) {
      // What was read lies there by right; where nothing was read, the frame may be somebody else's.
      if (at < end || this.#memory.awaits(next, this.#link)) {
        this.#state = IN_HEADER;
        this.#frame = next;
        this.#filled = 0;
        return at < end;
      }
    } else if (at < end) {
      this.#leaveStream(at, end);
    }
    return false;
  }

  /** What was read behind a short block lies in the block's own frame: it must be out before that is given back. */
  #shortBlockDone(start: number, end: number): void {
    const behind = this.#moveOut(start, end);
    this.#blockDone();
    if (this.#state === IN_CONTROL) this.push(behind);
  }

  /** Something else than a full block: what was read from there on is handled as if it had been read elsewhere. */
  #leaveStream(start: number, end: number): void {
    this.#state = IN_CONTROL;
    this.push(this.#moveOut(start, end));
  }

  #moveOut(start: number, end: number): Uint8Array {
    this.#ahead.frames = 0;
    const moved = this.#commons.scratch.subarray(0, end - start);
    this.#memory.frames.copyOut(start, moved);
    return moved;
  }

  /** Decodes a PIECE header, in place and without allocation: its block is coming in, or is to be skipped. */
  #begins(bytes: Uint8Array, start: number): void {
    this.#piece = readUint32(bytes, start + 5);
    this.#begin = readUint32(bytes, start + 9);
    this.#length = readUint32(bytes, start) - PIECE_FIXED_BYTES;
    this.#filled = 0;
    const position = this.#owed.expected.find(this.#piece, this.#begin);
    if (position < 0) {
      this.#state = IN_SKIP;
      return;
    }
    const expectedBytes = this.#owed.expected.lengthAt(position);
    if (expectedBytes !== this.#length) {
      this.#abort('ERR_WIRE_BLOCK', `sent ${this.#length} bytes for a block of ${expectedBytes}`);
      return;
    }
    this.#place = this.#owed.expected.placeAt(position);
    this.#owed.expected.remove(position);
    this.#state = IN_BLOCK;
  }

  #blockDone(): void {
    this.#state = IN_CONTROL;
    const place = this.#place;
    this.#place = NOWHERE;
    this.#memory.release(place, this.#link);
    this.#sink.landed(this.#piece, this.#begin, this.#length);
  }

  #skipArrived(count: number): number {
    this.#commons.counters.addWasted(count);
    this.#filled += count;
    if (this.#filled < this.#length) return count;
    this.#state = IN_CONTROL;
    this.#sink.wasted(this.#piece, this.#begin, this.#length);
    return count;
  }

  /** Handles every complete message in the control buffer. */
  #parse(): void {
    const control = this.#control;
    if (this.#state === IN_HANDSHAKE) {
      if (control.length < HANDSHAKE_BYTES) return;
      this.#state = IN_CONTROL;
      this.#sink.handshake(control.take(HANDSHAKE_BYTES));
    }
    while (this.#state === IN_CONTROL && control.length >= LENGTH_BYTES) {
      const length = readUint32(control.bytes, control.start);
      if (length === 0) {
        control.start += LENGTH_BYTES;
        this.#sink.keepAlive();
        continue;
      }
      const id = control.length > LENGTH_BYTES ? control.bytes[control.start + LENGTH_BYTES]! : undefined;
      // Judged before memory is spent.
      if (length > this.#lengthMax(id)) return this.#abort('ERR_WIRE_LENGTH', `announced a message of ${length} bytes`);
      if (id === undefined || !(id === PIECE ? this.#parsePiece(length) : control.tell(length, this.#sink))) return;
    }
  }

  /** Longest message of a kind, as its length prefix counts it; before the id has come, of whichever kind may be longer. */
  #lengthMax(id: number | undefined): number {
    const piece = PIECE_FIXED_BYTES + BLOCK_BYTES;
    const other = this.#messageBytesMax + 1;
    if (id === undefined) return Math.max(piece, other);
    return id === PIECE ? piece : other;
  }

  /** Starts the block of a PIECE header in the control buffer. Returns false when it is not complete yet, or wrong. */
  #parsePiece(length: number): boolean {
    const control = this.#control;
    if (length <= PIECE_FIXED_BYTES) {
      this.#abort('ERR_WIRE_LENGTH', `announced a block of ${length - PIECE_FIXED_BYTES} bytes`);
      return false;
    }
    if (control.length < PIECE_HEADER_BYTES) return false;
    const header = control.start;
    control.start += PIECE_HEADER_BYTES;
    this.#begins(control.bytes, header);
    const read = Math.min(this.#length, control.length);
    if (this.#state === IN_SKIP) {
      control.start += read;
      if (read > 0) this.#skipArrived(read);
    } else if (this.#state === IN_BLOCK) {
      this.#frame = this.#memory.frames.frameOf(this.#place);
      const at = control.start;
      control.start += read;
      if (read > 0) this.#copyToBlock(control.bytes, at, read);
    }
    return this.#state !== FAILED;
  }

  #abort(code: string, message: string): void {
    this.#state = FAILED;
    this.#sink.failed(code, message);
  }
}
