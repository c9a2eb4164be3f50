// Takes one peer's byte stream apart (BEP 3 framing) so that blocks never pass through a buffer: it says where the next
// bytes are to be written (`destination`), and is told how many were (`arrived`). Blocks go straight to their place in
// piece memory, everything else through a small control buffer.
//
// The one-read-per-block trick. While block k is coming in, the destination is its remaining bytes plus 13:
//
//     place of k                        place of k+1
//     |-------- block k ---------------|hhhhhhhhhhhhh|---- block k+1 …
//     '------- destination of one read --------------'
//
// The next message's header lands on the first bytes of k+1's place, is moved out, and is overwritten when k+1 comes.
// That is allowed only while this very link owns k+1's place, which means: requested here, not received, not from
// anyone else. Whoever wants the place back (`revoke`) waits until the destination has moved off it.
import { readUint32 } from '../../base/bytes.ts';
import { CONTROL_BUFFER_BYTES, IDLE_READ_BYTES, MESSAGE_BYTES_MIN } from '../limits.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from './block.ts';
import { Expectations } from './expectations.ts';
import { HANDSHAKE_BYTES } from './handshake.ts';
import { PIECE, REQUEST } from './message-id.ts';
import type { ReceiverCommons, ReceiverSink } from './receiver-sink.ts';

const IN_HANDSHAKE = 0;
const IN_CONTROL = 1;
const IN_BLOCK = 2;
const IN_BODY = 3;
const IN_SKIP = 4;
const FAILED = 5;

const LENGTH_BYTES = 4;
const RANGE_BYTES = 12;
const NOWHERE = -1;
const NOTHING = new Uint8Array(0);

/** The receiving half of a link. */
export class BlockReceiver {
  readonly #link: number;
  readonly #sink: ReceiverSink;
  readonly #commons: ReceiverCommons;
  readonly #expected = new Expectations();
  readonly #control = new Uint8Array(CONTROL_BUFFER_BYTES);
  readonly #headerView: Uint8Array = this.#control.subarray(0, PIECE_HEADER_BYTES);
  #state = IN_HANDSHAKE;
  /** Unparsed control bytes are [start, end). */
  #start = 0;
  #end = 0;
  #view: Uint8Array = NOTHING;
  #messageBytesMax = MESSAGE_BYTES_MIN;
  #everExpected = false;
  // The block or the bytes to skip that are coming in.
  #place = NOWHERE;
  #piece = 0;
  #begin = 0;
  #length = 0;
  #filled = 0;
  // The place that the present destination hangs over into.
  #overhang = NOWHERE;
  // A message too long for the control buffer.
  #body: Uint8Array = NOTHING;
  #bodyId = 0;
  // The revoked block that the present destination still covers: only the one under the overhang can be.
  #revokedPiece = NOWHERE;
  #revokedBegin = NOWHERE;

  constructor(link: number, sink: ReceiverSink, commons: ReceiverCommons) {
    this.#link = link;
    this.#sink = sink;
    this.#commons = commons;
  }

  /** Longest message body, in bytes, that the peer may send from now on, PIECE apart. */
  limitMessages(bytesMax: number): void {
    this.#messageBytesMax = bytesMax;
  }

  /** From now on this block is put into its place, which belongs to this link until landed or returned. */
  expect(piece: number, begin: number, length: number, place: number): void {
    this.#commons.memory.claim(place, this.#link);
    this.#expected.add(piece, begin, length, place);
    this.#everExpected = true;
  }

  /**
   * Stops expecting a block. Its length when it was expected, and `returned` or `landed` follows, at once or later;
   * 0 when it was not, or is already coming in.
   */
  revoke(piece: number, begin: number): number {
    const position = this.#expected.find(piece, begin);
    if (position < 0 || this.#isRevoked(piece, begin)) return 0;
    const length = this.#expected.lengthAt(position);
    if (this.#expected.placeAt(position) === this.#overhang) {
      this.#revokedPiece = piece;
      this.#revokedBegin = begin;
    } else {
      this.#giveBack(position);
    }
    return length;
  }

  /** Revokes every expected block; `visit` hears of each. Blocks under way land, and are not visited. */
  revokeEach(visit: (piece: number, begin: number, length: number) => void): void {
    for (const position of this.#expected.positions()) {
      const piece = this.#expected.pieceAt(position);
      const begin = this.#expected.beginAt(position);
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
    if (this.#place !== NOWHERE) this.#commons.memory.release(this.#place, this.#link);
    this.#place = NOWHERE;
    for (let at = this.#expected.first(); at >= 0; at = this.#expected.first()) {
      this.#commons.memory.release(this.#expected.placeAt(at), this.#link);
      this.#expected.remove(at);
    }
  }

  /** Where the next bytes belong. Never empty. The view may be written to until the next call. */
  destination(): Uint8Array {
    this.#overhang = NOWHERE;
    switch (this.#state) {
      case IN_BLOCK:
        this.#view = this.#blockDestination();
        break;
      case IN_BODY:
        this.#view = this.#body.subarray(this.#filled);
        break;
      case IN_SKIP:
        this.#view = this.#commons.discard.subarray(0, Math.min(this.#length - this.#filled, BLOCK_BYTES));
        break;
      case FAILED:
        this.#view = this.#commons.discard;
        break;
      default:
        this.#view = this.#controlDestination();
    }
    if (this.#revokedPiece !== NOWHERE) this.#giveBackRevoked();
    return this.#view;
  }

  /** `count` bytes were written to the start of the last destination. */
  arrived(count: number): void {
    this.#commons.counters.addRead();
    switch (this.#state) {
      case IN_BLOCK:
        this.#blockArrived(count);
        break;
      case IN_SKIP:
        this.#skipArrived(count);
        break;
      case IN_BODY:
        this.#filled += count;
        if (this.#filled === this.#body.length) this.#bodyDone();
        break;
      case FAILED:
        break;
      default:
        this.#end += count;
        this.#parse();
    }
  }

  /** The counted fallback for sources that hand over chunks of their own: one copy. The chunk is the caller's again after. */
  push(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.length && this.#state !== FAILED; ) {
      const target = this.destination();
      const count = Math.min(target.length, chunk.length - offset);
      const inBlock = this.#state === IN_BLOCK ? Math.min(count, this.#length - this.#filled) : 0;
      target.set(count === chunk.length ? chunk : chunk.subarray(offset, offset + count));
      this.arrived(count);
      this.#commons.counters.addCopied(inBlock);
      this.#commons.counters.addPlaced(-inBlock);
      offset += count;
    }
    // Nobody holds a destination between two chunks, so no place has to wait for the next one.
    this.#overhang = NOWHERE;
    if (this.#revokedPiece !== NOWHERE) this.#giveBackRevoked();
  }

  #blockDestination(): Uint8Array {
    const memory = this.#commons.memory;
    const next = this.#place + 1;
    const overhang = this.#length === BLOCK_BYTES && this.#revokedPiece === NOWHERE && memory.ownedBy(next, this.#link);
    if (overhang) this.#overhang = next;
    if (this.#filled === 0 && this.#length === BLOCK_BYTES) return memory.frameView(this.#place, overhang);
    const offset = this.#place * BLOCK_BYTES;
    const end = offset + this.#length + (overhang ? PIECE_HEADER_BYTES : 0);
    return memory.bytes.subarray(offset + this.#filled, end);
  }

  #controlDestination(): Uint8Array {
    const have = this.#end - this.#start;
    const wanted = this.#state === IN_HANDSHAKE ? HANDSHAKE_BYTES - have : this.#controlWanted(have);
    if (this.#start > 0 && (have === 0 || this.#end + wanted > this.#control.length)) {
      this.#control.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = have;
    }
    if (this.#end === 0 && wanted === PIECE_HEADER_BYTES) return this.#headerView;
    return this.#control.subarray(this.#end, Math.min(this.#end + wanted, this.#control.length));
  }

  /**
   * How many control bytes to ask for. While blocks are expected never more than the present message, or a PIECE
   * header: every byte beyond would be block payload in the wrong place. Else as much as fits.
   */
  #controlWanted(have: number): number {
    if (this.#expected.count === 0) {
      const room = this.#everExpected ? IDLE_READ_BYTES : this.#control.length;
      return Math.max(1, Math.min(room, this.#control.length - have));
    }
    if (have < LENGTH_BYTES) return PIECE_HEADER_BYTES - have;
    const total = LENGTH_BYTES + readUint32(this.#control, this.#start);
    if (have === LENGTH_BYTES) return Math.min(total, PIECE_HEADER_BYTES) - have;
    const isPiece = this.#control[this.#start + LENGTH_BYTES] === PIECE;
    return (isPiece ? PIECE_HEADER_BYTES : total) - have;
  }

  #blockArrived(count: number): void {
    const missing = this.#length - this.#filled;
    if (count < missing) {
      this.#filled += count;
      this.#commons.counters.addPlaced(count);
      return;
    }
    this.#commons.counters.addPlaced(missing);
    const view = this.#view;
    this.#blockDone();
    // What came beyond the block is the start of the next message. It lies on a place that this link still owns.
    const extra = count - missing;
    for (let i = 0; i < extra; i++) this.#control[i] = view[missing + i]!;
    this.#start = 0;
    this.#end = extra;
    if (extra > 0) this.#parse();
  }

  #blockDone(): void {
    this.#state = IN_CONTROL;
    const place = this.#place;
    this.#place = NOWHERE;
    this.#commons.memory.release(place, this.#link);
    this.#sink.landed(this.#piece, this.#begin, this.#length);
  }

  #skipArrived(count: number): void {
    this.#commons.counters.addWasted(count);
    this.#filled += count;
    if (this.#filled < this.#length) return;
    this.#state = IN_CONTROL;
    this.#sink.wasted(this.#piece, this.#begin, this.#length);
  }

  #bodyDone(): void {
    const body = this.#body;
    this.#body = NOTHING;
    this.#state = IN_CONTROL;
    this.#sink.message(this.#bodyId, body);
  }

  /** Handles every complete message in the control buffer. */
  #parse(): void {
    if (this.#state === IN_HANDSHAKE && !this.#parseHandshake()) return;
    while (this.#state === IN_CONTROL && this.#end - this.#start >= LENGTH_BYTES) {
      const length = readUint32(this.#control, this.#start);
      if (length === 0) {
        this.#start += LENGTH_BYTES;
        this.#sink.keepAlive();
        continue;
      }
      if (length > Math.max(this.#messageBytesMax + 1, BLOCK_BYTES + 9)) {
        this.#fail(length);
        return;
      }
      if (this.#end - this.#start <= LENGTH_BYTES) return;
      const id = this.#control[this.#start + LENGTH_BYTES]!;
      if (!(id === PIECE ? this.#parsePiece(length) : this.#parseMessage(id, length))) return;
    }
  }

  #parseHandshake(): boolean {
    if (this.#end - this.#start < HANDSHAKE_BYTES) return false;
    const bytes = this.#control.subarray(this.#start, this.#start + HANDSHAKE_BYTES);
    this.#start += HANDSHAKE_BYTES;
    this.#state = IN_CONTROL;
    this.#sink.handshake(bytes);
    return true;
  }

  /** Returns false when the message is not complete yet, or wrong. */
  #parseMessage(id: number, length: number): boolean {
    const bodyBytes = length - 1;
    if (bodyBytes > this.#messageBytesMax) {
      this.#fail(length);
      return false;
    }
    const from = this.#start + LENGTH_BYTES + 1;
    if (from + bodyBytes <= this.#end) {
      this.#start = from + bodyBytes;
      const bytes = this.#control;
      if (id === REQUEST && bodyBytes === RANGE_BYTES)
        this.#sink.request(readUint32(bytes, from), readUint32(bytes, from + 4), readUint32(bytes, from + 8));
      else this.#sink.message(id, this.#control.subarray(from, from + bodyBytes));
      return true;
    }
    if (LENGTH_BYTES + length > this.#control.length) {
      this.#body = new Uint8Array(bodyBytes);
      this.#body.set(this.#control.subarray(from, this.#end));
      this.#filled = this.#end - from;
      this.#bodyId = id;
      this.#start = 0;
      this.#end = 0;
      this.#state = IN_BODY;
    }
    return false;
  }

  /** Decodes a PIECE header, in place and without allocation, and starts the block. False when it is not complete. */
  #parsePiece(length: number): boolean {
    const blockBytes = length - 9;
    if (blockBytes <= 0 || blockBytes > BLOCK_BYTES) {
      this.#fail(length);
      return false;
    }
    if (this.#end - this.#start < PIECE_HEADER_BYTES) return false;
    this.#piece = readUint32(this.#control, this.#start + 5);
    this.#begin = readUint32(this.#control, this.#start + 9);
    this.#length = blockBytes;
    this.#filled = 0;
    this.#start += PIECE_HEADER_BYTES;
    return this.#startBlock();
  }

  #startBlock(): boolean {
    const position = this.#expected.find(this.#piece, this.#begin);
    if (position < 0 || this.#isRevoked(this.#piece, this.#begin)) {
      this.#state = IN_SKIP;
      const skipped = Math.min(this.#length, this.#end - this.#start);
      this.#start += skipped;
      if (skipped > 0) this.#skipArrived(skipped);
      return true;
    }
    if (this.#expected.lengthAt(position) !== this.#length) {
      this.#abort('ERR_WIRE_BLOCK', `sent ${this.#length} bytes for a block of ${this.#expected.lengthAt(position)}`);
      return false;
    }
    this.#place = this.#expected.placeAt(position);
    this.#expected.remove(position);
    this.#state = IN_BLOCK;
    this.#takeFromControl();
    return true;
  }

  /** Moves block bytes that were read along with control bytes to their place: the copy that the counters show. */
  #takeFromControl(): void {
    const count = Math.min(this.#length, this.#end - this.#start);
    if (count === 0) return;
    const offset = this.#place * BLOCK_BYTES;
    this.#commons.memory.bytes.set(this.#control.subarray(this.#start, this.#start + count), offset);
    this.#commons.counters.addCopied(count);
    this.#start += count;
    this.#filled = count;
    if (count === this.#length) this.#blockDone();
  }

  #isRevoked(piece: number, begin: number): boolean {
    return piece === this.#revokedPiece && begin === this.#revokedBegin;
  }

  #giveBack(position: number): void {
    const piece = this.#expected.pieceAt(position);
    const begin = this.#expected.beginAt(position);
    const length = this.#expected.lengthAt(position);
    this.#commons.memory.release(this.#expected.placeAt(position), this.#link);
    this.#expected.remove(position);
    this.#sink.returned(piece, begin, length);
  }

  /** The destination has moved off the overhang: the place that was waited for goes back. */
  #giveBackRevoked(): void {
    const position = this.#expected.find(this.#revokedPiece, this.#revokedBegin);
    this.#revokedPiece = NOWHERE;
    if (position >= 0) this.#giveBack(position);
  }

  #fail(length: number): void {
    this.#abort('ERR_WIRE_LENGTH', `announced a message of ${length} bytes`);
  }

  #abort(code: string, message: string): void {
    this.#state = FAILED;
    this.#sink.failed(code, message);
  }
}
