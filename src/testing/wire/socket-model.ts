// How a socket reads when it is told where: it asks for a destination once, keeps it, fills a part of it whenever bytes
// come, and asks again right after. A receiver that forgets that the destination is kept fails here as in the field.
import assert from 'node:assert/strict';
import type { BlockReceiver } from '../../protocol/wire/block-receiver.ts';

/** How many of `room` bytes a read brings. */
export type ReadSize = (room: number) => number;

/** As many as fit: what a fast peer's socket does. */
export const GREEDY: ReadSize = (room) => room;

/** The worst that can happen. */
export const BYTE_BY_BYTE: ReadSize = () => 1;

export class SocketModel {
  readonly #receiver: BlockReceiver;
  #destination: Uint8Array;

  constructor(receiver: BlockReceiver) {
    this.#receiver = receiver;
    this.#destination = receiver.destination();
  }

  /** Where the next bytes will be written, whatever happens until then. */
  get destination(): Uint8Array {
    return this.#destination;
  }

  /** Brings in bytes, in as many reads as it takes. */
  receive(bytes: Uint8Array, size: ReadSize = GREEDY): void {
    for (let offset = 0; offset < bytes.length; ) {
      assert.ok(this.#destination.length > 0, 'a destination is never empty');
      const room = Math.min(this.#destination.length, bytes.length - offset);
      const count = Math.min(room, size(room));
      this.#destination.set(bytes.subarray(offset, offset + count));
      this.#receiver.arrived(count);
      this.#destination = this.#receiver.destination();
      offset += count;
    }
  }
}
