// What a bench's seeder hears of a peer: its handshake, which says nothing new, then messages, of which it answers REQUESTs.
const HANDSHAKE_BYTES = 68;
const HEADER_BYTES = 13;
const REQUEST = 6;
const PIECE = 7;

/** Sends `length` bytes from `begin` on of the piece, behind the header of their PIECE message. */
type Answer = (header: Buffer, begin: number, length: number) => void;

export class RequestHearing {
  readonly #answer: Answer;
  #rest: Buffer = Buffer.alloc(0);
  #greeted = false;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** Takes what came next on the connection, cut anywhere. */
  hear(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (!this.#greeted && bytes.length >= HANDSHAKE_BYTES) {
      this.#greeted = true;
      at = HANDSHAKE_BYTES;
    }
    while (this.#greeted && bytes.length - at >= 4) {
      const length = bytes.readUInt32BE(at);
      if (bytes.length - at < 4 + length) break;
      if (length === 13 && bytes[at + 4] === REQUEST) this.#request(bytes, at);
      at += 4 + length;
    }
    this.#rest = bytes.subarray(at);
  }

  /** The REQUEST at `at`: its piece and begin are copied as they are. */
  #request(bytes: Buffer, at: number): void {
    const length = bytes.readUInt32BE(at + 13);
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header.writeUInt32BE(9 + length);
    header[4] = PIECE;
    bytes.copy(header, 5, at + 5, at + 13);
    this.#answer(header, bytes.readUInt32BE(at + 9), length);
  }
}
