// The body of the answer that is coming in from a web seed: which of its bytes are whose. A part is what was asked for; a whole
// file comes from its start, whatever was asked for, and what we want is taken as it comes by.
import type { BlockStream } from './block-stream.ts';
import { RetryText } from './retry-text.ts';
import type { SeedRequest } from './seed-request.ts';

/** `text`: of an answer that says when to come again. `drop`: nobody wants it any more. */
type BodyKind = 'none' | 'part' | 'whole' | 'text' | 'drop';

export class SeedBody {
  readonly #stream: BlockStream;
  /** Where bytes go that nobody wants. */
  readonly #discard: Uint8Array;
  #kind: BodyKind = 'none';
  /** Where in its file a part ends. */
  #end = 0;
  /** The file that comes whole, and how far it has. */
  #file = -1;
  #position = 0;
  #skipping = false;
  #text: RetryText | undefined;

  constructor(stream: BlockStream, discard: Uint8Array) {
    this.#stream = stream;
    this.#discard = discard;
  }

  get kind(): BodyKind {
    return this.#kind;
  }

  /** The last room is for bytes of a file that nobody waits for. */
  get skipping(): boolean {
    return this.#skipping;
  }

  /** In how many milliseconds the text says to come again, if it does. */
  get retryAfterMs(): number | undefined {
    return this.#text?.afterMs;
  }

  beginPart(end: number): void {
    this.#kind = 'part';
    this.#end = end;
  }

  beginWhole(file: number): void {
    this.#kind = 'whole';
    this.#file = file;
    this.#position = 0;
  }

  beginText(): void {
    this.#kind = 'text';
    this.#text = new RetryText();
  }

  drop(): void {
    this.#kind = 'drop';
  }

  over(): void {
    this.#kind = 'none';
  }

  /** How many of the bytes that come next are the request's, of which `done` have come. */
  next({ index, from, length }: SeedRequest, done: number): number {
    if (this.#kind === 'part') return this.#end - from - done;
    if (this.#kind === 'whole' && index === this.#file && from + done === this.#position) return length - done;
    return 0;
  }

  /** Bytes of the request are still to come of this body. */
  lacks({ index, from }: SeedRequest, done: number): boolean {
    if (this.#kind === 'part') return from + done < this.#end;
    return this.#kind === 'whole' && index === this.#file && from + done >= this.#position;
  }

  /** Where the next bytes go; `undefined` when none of those that come can be the request's, or none is there. */
  room(asked: SeedRequest | undefined, done: number, bytesMax: number): Uint8Array | undefined {
    this.#skipping = false;
    if (this.#kind === 'text') return this.#textRoom();
    if (this.#kind !== 'part' && this.#kind !== 'whole') return this.#discard.subarray(0, bytesMax);
    if (asked === undefined) return undefined;
    const left = this.next(asked, done);
    if (left > 0) return this.#stream.room(Math.min(bytesMax, left));
    const gap = asked.from + done - this.#position;
    if (this.#kind === 'part' || asked.index !== this.#file || gap <= 0) return undefined;
    this.#skipping = true;
    return this.#discard.subarray(0, Math.min(bytesMax, gap));
  }

  /** Adds to `rooms` where the request's bytes go, as far as they come next. */
  rooms(asked: SeedRequest, done: number, bytesMax: number, rooms: Uint8Array[]): void {
    const left = this.next(asked, done);
    if (left <= 0) return;
    this.#skipping = false;
    this.#stream.rooms(Math.min(bytesMax, left), rooms);
  }

  /** So many bytes were written to the room. */
  filled(count: number): void {
    if (this.#kind === 'text') this.#text!.filled(count);
    if (this.#kind === 'whole') this.#position += count;
  }

  /** Text that is longer than any number says nothing. */
  #textRoom(): Uint8Array {
    const room = this.#text!.room();
    return room.length > 0 ? room : this.#discard;
  }
}
