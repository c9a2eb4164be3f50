// Takes the responses of one HTTP/1.1 connection apart (RFC 9112) so that bodies never pass through a buffer: it says
// where the next bytes are to be written (`destination`), and is told how many were (`arrived`). Heads and the sizes of
// chunks go through a small control buffer; what of a body was read along with them is copied out of it.
import { SourceError } from '../../base/errors.ts';
import { HTTP_CONTROL_READ_BYTES, HTTP_HEAD_BYTES_MAX } from '../limits.ts';
import { decodeResponseHead, headEnd, type ResponseHead } from './response-head.ts';

const IN_HEAD = 0;
const IN_BODY = 1;
const IN_CHUNK_SIZE = 2;
const IN_CHUNK = 3;
const IN_CHUNK_END = 4;
const IN_TRAILER = 5;
const FAILED = 6;

const LINE_BYTES_MAX = 256;
const CHUNK_READ_BYTES = 32;

/** What a receiver tells, and asks. */
export interface ResponseSink {
  /** A response begins. */
  head(head: ResponseHead): void;
  /** Where the next bytes of its body go, at most `bytesMax` of them; `undefined` while there is no room for any. */
  room(bytesMax: number): Uint8Array | undefined;
  /** Adds to `rooms` where the bytes go that come next, as far as that is known: at most `bytesMax` of them. */
  rooms(bytesMax: number, rooms: Uint8Array[]): void;
  /** So many were written there; `copied`: by way of the control buffer. */
  filled(count: number, copied: boolean): void;
  /** The response is complete. */
  ended(): void;
  /** Nobody can make sense of what came; nothing is received any more. Codes: ERR_HTTP_HEAD, ERR_HTTP_BODY. */
  failed(code: string, message: string): void;
}

export class ResponseReceiver {
  readonly #sink: ResponseSink;
  /** What `destinations` answered, one list for all reads. */
  readonly #rooms: Uint8Array[] = [];
  readonly #control = new Uint8Array(HTTP_HEAD_BYTES_MAX);
  #state = IN_HEAD;
  /** Unread control bytes are [start, end). */
  #start = 0;
  #end = 0;
  /** Bytes of the body, or of its present chunk, that are still to come; Infinity until the connection ends. */
  #left = 0;
  /** The last destination is the sink's, not the control buffer. */
  #direct = false;

  /** Whoever reads for us copies what it read to where we say. */
  copies = false;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** Where the next bytes belong. Never empty. The view may be written to until the next call. */
  destination(): Uint8Array {
    this.#direct = false;
    if (this.#inBody && this.#start === this.#end) {
      const room = this.#sink.room(this.#left);
      if (room !== undefined) {
        this.#direct = true;
        return room;
      }
    }
    return this.#controlDestination();
  }

  /** `count` bytes were written to the start of the last destination. */
  arrived(count: number): void {
    if (this.#state === FAILED) return;
    if (this.#direct) this.#took(count, false);
    else this.#end += count;
    this.#parse();
  }

  /**
   * For who can read to several places at once: where the next bytes of a body belong, one place behind the other. None while
   * something else is expected. They may be written to until anything else is asked or told.
   */
  destinations(): readonly Uint8Array[] {
    this.#rooms.length = 0;
    if (this.#inBody && this.#start === this.#end) this.#sink.rooms(this.#left, this.#rooms);
    return this.#rooms;
  }

  /** `count` bytes were written to the last `destinations`, from the start. */
  scattered(count: number): void {
    if (this.#state === FAILED || count === 0) return;
    this.#took(count, false);
    this.#parse();
  }

  /** The sink has room again. */
  resume(): void {
    this.#parse();
  }

  /** Whether to go on reading: without room for a body there is no use in it; what came too early waits here. */
  get reads(): boolean {
    return !this.#inBody || (this.#start === this.#end && this.#sink.room(1) !== undefined);
  }

  /** The connection ended. Returns whether that was the end of a response that says so. */
  closed(): boolean {
    if (this.#state !== IN_BODY || this.#left !== Number.POSITIVE_INFINITY || this.#start < this.#end) return false;
    this.#state = FAILED;
    this.#sink.ended();
    return true;
  }

  /** Tells nothing more. */
  stop(): void {
    this.#state = FAILED;
  }

  get #inBody(): boolean {
    return this.#state === IN_BODY || this.#state === IN_CHUNK;
  }

  #controlDestination(): Uint8Array {
    if (this.#state === FAILED) return this.#control;
    if (this.#start > 0) {
      this.#control.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const wanted = this.#state === IN_HEAD ? HTTP_CONTROL_READ_BYTES : CHUNK_READ_BYTES;
    return this.#control.subarray(this.#end, Math.min(this.#end + wanted, this.#control.length));
  }

  #parse(): void {
    while (this.#step());
  }

  /** Makes one step with what is in the control buffer; false when it can make none. */
  #step(): boolean {
    switch (this.#state) {
      case IN_HEAD:
        return this.#readHead();
      case IN_BODY:
      case IN_CHUNK:
        return this.#readBody();
      case IN_CHUNK_SIZE:
        return this.#readLine((line) => this.#beginChunk(line));
      case IN_CHUNK_END:
        return this.#readLine((line) => {
          if (line === '') this.#state = IN_CHUNK_SIZE;
          else this.#fail('ERR_HTTP_BODY', 'a chunk does not end where it should');
        });
      case IN_TRAILER:
        return this.#readLine((line) => {
          if (line === '') this.#finish();
        });
      default:
        return false;
    }
  }

  #readHead(): boolean {
    const end = headEnd(this.#control, this.#start, this.#end);
    if (end < 0) {
      if (this.#end - this.#start === this.#control.length)
        this.#fail('ERR_HTTP_HEAD', 'the head of the answer is too long');
      return false;
    }
    const head = this.#decode(this.#control.subarray(this.#start, end));
    if (head === undefined) return false;
    this.#start = end;
    // An interim response: the real one follows.
    if (head.status < 200) return true;
    this.#state = head.framing === 'chunked' ? IN_CHUNK_SIZE : IN_BODY;
    this.#left = head.framing === 'until-close' ? Number.POSITIVE_INFINITY : head.bodyBytes;
    this.#sink.head(head);
    if (this.#state === IN_BODY && this.#left === 0) this.#finish();
    return true;
  }

  #decode(bytes: Uint8Array): ResponseHead | undefined {
    try {
      return decodeResponseHead(bytes);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#fail(error.code, error.message);
      return undefined;
    }
  }

  #readBody(): boolean {
    const count = Math.min(this.#left, this.#end - this.#start);
    const room = count > 0 ? this.#sink.room(count) : undefined;
    if (room === undefined) return false;
    const taken = Math.min(count, room.length);
    room.set(this.#control.subarray(this.#start, this.#start + taken));
    this.#start += taken;
    this.#took(taken, true);
    return true;
  }

  #took(count: number, copied: boolean): void {
    this.#left -= count;
    this.#sink.filled(count, copied || this.copies);
    if (this.#left > 0) return;
    if (this.#state === IN_CHUNK) this.#state = IN_CHUNK_END;
    else if (this.#state === IN_BODY) this.#finish();
  }

  #beginChunk(line: string): void {
    const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) return this.#fail('ERR_HTTP_BODY', 'a chunk has no size');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? IN_TRAILER : IN_CHUNK;
  }

  #readLine(take: (line: string) => void): boolean {
    const lineEnd = this.#control.indexOf(10, this.#start);
    if (lineEnd < 0 || lineEnd >= this.#end) {
      if (this.#end - this.#start > LINE_BYTES_MAX)
        this.#fail('ERR_HTTP_BODY', 'a line between its chunks is too long');
      return false;
    }
    let line = '';
    for (let at = this.#start; at < lineEnd; at++) line += String.fromCharCode(this.#control[at]!);
    if (!line.endsWith('\r')) {
      this.#fail('ERR_HTTP_BODY', 'a line between its chunks is broken');
      return false;
    }
    this.#start = lineEnd + 1;
    take(line.slice(0, -1));
    return true;
  }

  #finish(): void {
    this.#state = IN_HEAD;
    this.#sink.ended();
  }

  #fail(code: string, message: string): void {
    this.#state = FAILED;
    this.#sink.failed(code, message);
  }
}
