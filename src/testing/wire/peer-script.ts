// A random conversation as one byte stream, with the events that it must set off. It goes in rounds: a round begins
// with a marker message, upon which the listener revokes what is left of the last round and expects new blocks.
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { SeededRandom } from '../seeded-random.ts';
import { blockBytes, join, rawHandshake, rawLength, rawMessage, rawPiece } from './raw-messages.ts';
import { digest } from './receiver-rig.ts';

/** Message id of a round's marker: no message of BEP 3 has it. */
export const MARKER = 99;

/** Longest body of a control message in a script: beyond the control buffer. */
export const SCRIPT_MESSAGE_BYTES_MAX = 9000;

export interface ScriptBlock {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly place: number;
}

export interface PeerScript {
  readonly bytes: Uint8Array;
  /** Blocks to be expected when the marker of each round comes. */
  readonly rounds: readonly (readonly ScriptBlock[])[];
  /** The trace that any receiver must leave. */
  readonly trace: readonly string[];
  readonly expectedBytes: number;
  readonly wastedBytes: number;
}

/** Writes the script that belongs to a seed, for an arena of `frames` places. */
export function peerScript(seed: number, frames: number): PeerScript {
  return new ScriptWriter(seed, frames).write();
}

class ScriptWriter {
  readonly #random: SeededRandom;
  readonly #parts: Uint8Array[] = [rawHandshake()];
  readonly #trace: string[] = [`handshake ${digest(rawHandshake())}`];
  readonly #rounds: ScriptBlock[][] = [];
  #free: number[];
  /** Places of blocks that never came: they come back some time in the round after. */
  #resting: number[] = [];
  #unanswered: ScriptBlock[] = [];
  #piece = 0;
  #expectedBytes = 0;
  #wastedBytes = 0;

  constructor(seed: number, frames: number) {
    this.#random = new SeededRandom(seed);
    this.#free = Array.from({ length: frames }, (_, place) => place);
  }

  write(): PeerScript {
    const rounds = 1 + this.#below(4);
    for (let i = 0; i < rounds; i++) this.#round();
    return {
      bytes: join(...this.#parts),
      rounds: this.#rounds,
      trace: this.#trace,
      expectedBytes: this.#expectedBytes,
      wastedBytes: this.#wastedBytes,
    };
  }

  #below(bound: number): number {
    return Math.floor(this.#random.next() * bound);
  }

  #round(): void {
    this.#message(MARKER, 4);
    const late = this.#unanswered;
    const rested = this.#resting;
    const blocks = this.#reserve();
    this.#rounds.push(blocks);
    const answers = this.#shuffledABit(blocks.filter(() => this.#below(8) > 0));
    for (const block of answers) {
      this.#interlude(late);
      this.#pieceMessage(block, true);
    }
    this.#interlude(late);
    this.#unanswered = blocks.filter((block) => !answers.includes(block));
    this.#resting = this.#unanswered.map((block) => block.place);
    this.#free.push(...answers.map((block) => block.place), ...rested);
    this.#free.sort((a, b) => a - b);
  }

  /** Blocks of a few pieces on runs of neighbouring places; the last of a piece may be short. */
  #reserve(): ScriptBlock[] {
    const blocks: ScriptBlock[] = [];
    const count = 1 + this.#below(this.#free.length);
    const from = this.#below(this.#free.length - count + 1);
    let begin = 0;
    this.#piece++;
    for (const place of this.#free.splice(from, count)) {
      const last = this.#below(6) === 0;
      const length = last ? 1 + this.#below(BLOCK_BYTES) : BLOCK_BYTES;
      blocks.push({ piece: this.#piece, begin, length, place });
      begin = last ? 0 : begin + BLOCK_BYTES;
      if (last) this.#piece++;
    }
    return blocks;
  }

  /** Mostly in order, as peers answer. */
  #shuffledABit(blocks: ScriptBlock[]): ScriptBlock[] {
    for (let i = 0; i + 1 < blocks.length; i++) {
      if (this.#below(5) > 0) continue;
      const other = this.#below(blocks.length);
      [blocks[i], blocks[other]] = [blocks[other]!, blocks[i]!];
    }
    return blocks;
  }

  /** What may stand between two blocks: mostly nothing. */
  #interlude(late: ScriptBlock[]): void {
    for (let chance = this.#below(12); chance < 4; chance = this.#below(8)) {
      if (chance === 0) this.#keepAlive();
      if (chance === 1) this.#message(4 + this.#below(2), this.#below(20));
      if (chance === 2)
        this.#message(20, this.#below(3) === 0 ? this.#below(SCRIPT_MESSAGE_BYTES_MAX) : this.#below(600));
      if (chance === 3)
        this.#pieceMessage(late.pop() ?? { piece: 1000, begin: 0, length: 1 + this.#below(BLOCK_BYTES) }, false);
    }
  }

  #keepAlive(): void {
    this.#parts.push(rawLength(0));
    this.#trace.push('keep-alive');
  }

  #message(id: number, length: number): void {
    const payload = blockBytes(id, this.#parts.length, length);
    this.#parts.push(rawMessage(id, payload));
    this.#trace.push(`message ${id} ${digest(payload)}`);
  }

  #pieceMessage(block: Pick<ScriptBlock, 'piece' | 'begin' | 'length'>, expected: boolean): void {
    const { piece, begin, length } = block;
    this.#parts.push(rawPiece(piece, begin, blockBytes(piece, begin, length)));
    this.#trace.push(`${expected ? 'landed' : 'wasted'} ${piece} ${begin} ${length}`);
    if (expected) this.#expectedBytes += length;
    else this.#wastedBytes += length;
  }
}
