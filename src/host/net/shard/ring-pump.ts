// Reads a ring whenever there is something in it, and sleeps in between: the loop that both sides of a shard share.
// A turn of the event loop reads at most as much as the ring holds, so that a busy writer starves nothing else; after a
// turn that read something it looks once more before it sleeps, for a wake-up costs both threads more than that look.
import type { RingReader } from './ring-reader.ts';

export interface PumpParts {
  readonly reader: RingReader;
  /** The reader stands at a record; it is released afterwards. */
  readonly record: () => void;
  /** A turn is over: what the records brought about can be passed on. */
  readonly turned: () => void;
  /** The writer, who does not block, waits for the room that there is now. */
  readonly roomMade?: () => void;
}

export class RingPump {
  readonly #parts: PumpParts;
  #immediate: NodeJS.Immediate | undefined;
  #inTurn = false;
  #stopped = false;

  constructor(parts: PumpParts) {
    this.#parts = parts;
  }

  /** The writer has written. May be called at any time, also for nothing. */
  wake(): void {
    if (this.#immediate === undefined && !this.#inTurn) this.#turn();
  }

  /** Reads what is there, to the last record, and nothing from then on: the writer is gone. */
  finish(): void {
    const { reader } = this.#parts;
    this.stop();
    while (reader.next()) {
      this.#parts.record();
      reader.release();
    }
    this.#parts.turned();
  }

  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }

  readonly #turn = (): void => {
    this.#immediate = undefined;
    if (this.#stopped) return;
    this.#inTurn = true;
    const worked = this.#read();
    this.#inTurn = false;
    if (!this.#stopped && (worked || !this.#parts.reader.sleep())) this.#immediate = setImmediate(this.#turn);
  };

  #read(): boolean {
    const { reader, record, turned, roomMade } = this.#parts;
    let words = 0;
    let room = false;
    while (!this.#stopped && words < reader.ring.words.length && reader.next()) {
      words += 1 + reader.length;
      record();
      if (reader.release()) room = true;
    }
    if (words === 0) return false;
    turned();
    if (room) roomMade?.();
    return true;
  }
}
