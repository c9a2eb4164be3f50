// What a peer sends besides blocks, until a message of it is complete. Bytes that were read and not taken yet are
// [start, end) of a small buffer; a message that is longer gets memory of its own until it is taken.
import { copyBytes, readUint32 } from '../../base/bytes.ts';
import { CONTROL_BUFFER_BYTES, IDLE_READ_BYTES } from '../limits.ts';
import { LENGTH_BYTES, PIECE_HEADER_BYTES } from './block.ts';
import { PIECE, REQUEST } from './message-id.ts';
import type { ReceiverSink } from './receiver-sink.ts';

const RANGE_BYTES = 12;

export class ControlBuffer {
  readonly #small = new Uint8Array(CONTROL_BUFFER_BYTES);
  readonly #headerView: Uint8Array = this.#small.subarray(0, PIECE_HEADER_BYTES);
  bytes: Uint8Array = this.#small;
  start = 0;
  #end = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#end - this.start;
  }

  /** Room for `wanted` more bytes, or as many as fit. */
  room(wanted: number): Uint8Array {
    this.#makeRoom(wanted);
    if (this.#end === 0 && wanted === PIECE_HEADER_BYTES) return this.#headerView;
    return this.bytes.subarray(this.#end, Math.min(this.#end + wanted, this.bytes.length));
  }

  /** Takes up to `wanted` bytes of a chunk, from `offset` on; how many there was room for. */
  copy(chunk: Uint8Array, offset: number, wanted: number): number {
    this.#makeRoom(wanted);
    const count = Math.min(wanted, chunk.length - offset, this.bytes.length - this.#end);
    copyBytes(chunk, offset, count, this.bytes, this.#end);
    this.#end += count;
    return count;
  }

  #makeRoom(wanted: number): void {
    const have = this.length;
    if (have === 0) this.bytes = this.#small;
    if (this.start > 0 && (have === 0 || this.#end + wanted > this.bytes.length)) {
      this.bytes.copyWithin(0, this.start, this.#end);
      this.start = 0;
      this.#end = have;
    }
  }

  /** So many bytes were written to the room. */
  filled(count: number): void {
    this.#end += count;
  }

  /** Takes over `count` bytes that lie elsewhere, when nothing waits. */
  begin(from: Uint8Array, offset: number, count: number): void {
    this.bytes = this.#small;
    for (let i = 0; i < count; i++) this.bytes[i] = from[offset + i]!;
    this.start = 0;
    this.#end = count;
  }

  /** The next `count` bytes, which do not wait any more. Valid until the next room is asked for. */
  take(count: number): Uint8Array {
    const from = this.start;
    this.start += count;
    return this.bytes.subarray(from, from + count);
  }

  /**
   * Tells of the present message, of `length` bytes after its prefix, if it has come whole. If it never could in here, it
   * gets memory of its own, for itself and for nothing more.
   */
  tell(length: number, sink: ReceiverSink): boolean {
    const whole = LENGTH_BYTES + length;
    if (whole > this.length) {
      if (whole > this.bytes.length) this.#enlarge(whole);
      return false;
    }
    const { bytes } = this;
    const id = bytes[this.start + LENGTH_BYTES]!;
    const body = this.start + LENGTH_BYTES + 1;
    this.start += whole;
    if (id === REQUEST && length === 1 + RANGE_BYTES)
      sink.request(readUint32(bytes, body), readUint32(bytes, body + 4), readUint32(bytes, body + 8));
    else sink.message(id, bytes.subarray(body, body + length - 1));
    return true;
  }

  #enlarge(messageBytes: number): void {
    const large = new Uint8Array(messageBytes);
    large.set(this.bytes.subarray(this.start, this.#end));
    this.#end -= this.start;
    this.start = 0;
    this.bytes = large;
  }

  /** How many bytes the present message, or a PIECE's header, still lacks: one byte more would be a block's. */
  missing(): number {
    const have = this.length;
    if (have < LENGTH_BYTES) return PIECE_HEADER_BYTES - have;
    const total = LENGTH_BYTES + readUint32(this.bytes, this.start);
    if (have === LENGTH_BYTES) return Math.min(total, PIECE_HEADER_BYTES) - have;
    return (this.bytes[this.start + LENGTH_BYTES] === PIECE ? PIECE_HEADER_BYTES : total) - have;
  }

  /** How many bytes to read while no block can come: little once blocks came, for the first of the next ones may be near. */
  idleRoom(everExpected: boolean): number {
    const room = this.bytes.length - this.length;
    return everExpected && this.bytes === this.#small
      ? Math.max(1, Math.min(IDLE_READ_BYTES, room))
      : Math.max(1, room);
  }
}
