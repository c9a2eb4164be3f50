// Makes bad input out of good input: random edits that know what the formats are sensitive to. The same random numbers
// make the same input, so a crash can be replayed from its seed.

import { writeUint32 } from '#src/base/bytes.ts';
import type { Random } from '#src/base/clock.ts';
import { operate } from './bencode-surgery.ts';
import { below, pick } from './random-choice.ts';

const MUTATIONS_MAX = 8;
const RUN_BYTES_MAX = 64;
/** How often a bencoded input is changed at its values instead of its bytes. */
const SURGERY_SHARE = 0.7;
/** Inputs grow by splicing; beyond this they would only be slow. */
const INPUT_BYTES_MAX = 64 * 1024;

/** Numbers at which arithmetic goes wrong: signs, widths, off-by-ones. */
const BORDERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const DECIMALS = [
  '0',
  '-0',
  '00',
  '-1',
  '1',
  '65536',
  '2147483648',
  '4294967295',
  '9007199254740992',
  '18446744073709551616',
];

/** One edit. Gets a private copy and returns it, or another array in its place. */
type Edit = (input: Uint8Array, random: Random, mutator: Mutator) => Uint8Array;

function splice(input: Uint8Array, start: number, removed: number, inserted: Uint8Array): Uint8Array {
  const output = new Uint8Array(input.length - removed + inserted.length);
  output.set(input.subarray(0, start));
  output.set(inserted, start);
  output.set(input.subarray(start + removed), start + inserted.length);
  return output;
}

function someRun(input: Uint8Array, random: Random): { start: number; length: number } {
  const start = below(random, input.length);
  return { start, length: Math.min(input.length - start, 1 + below(random, RUN_BYTES_MAX)) };
}

const edits: readonly Edit[] = [
  function flipBit(input, random) {
    if (input.length > 0) input[below(random, input.length)]! ^= 1 << below(random, 8);
    return input;
  },
  function setByte(input, random) {
    if (input.length > 0) input[below(random, input.length)] = below(random, 256);
    return input;
  },
  function setUint32(input, random) {
    if (input.length >= 4) writeUint32(input, below(random, input.length - 3), pick(random, BORDERS));
    return input;
  },
  function cutRun(input, random) {
    const { start, length } = someRun(input, random);
    return splice(input, start, length, new Uint8Array(0));
  },
  function repeatRun(input, random) {
    const { start, length } = someRun(input, random);
    return splice(input, start, 0, input.subarray(start, start + length));
  },
  function truncate(input, random) {
    return input.subarray(0, below(random, input.length + 1));
  },
  function insertToken(input, random, { tokens }) {
    return splice(input, below(random, input.length + 1), 0, pick(random, tokens));
  },
  /** Lengths are decimal in bencode: this breaks the tie between a length and what follows it. */
  function changeNumber(input, random) {
    const text = Buffer.from(input).toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return input;
    const number = pick(random, numbers);
    const near = Number(number[0]) + below(random, 5) - 2;
    const changed = random.next() < 0.5 ? pick(random, DECIMALS) : String(Number.isSafeInteger(near) ? near : 7);
    return splice(input, number.index, number[0].length, Buffer.from(changed, 'latin1'));
  },
  function crossOver(input, random, { seeds }) {
    const other = pick(random, seeds);
    const head = input.subarray(0, below(random, input.length + 1));
    return splice(head, head.length, 0, other.subarray(below(random, other.length + 1)));
  },
];

/** Endless variations on the seeds of one target. */
export class Mutator {
  readonly seeds: readonly Uint8Array[];
  readonly tokens: readonly Uint8Array[];

  constructor(seeds: readonly Uint8Array[], tokens: readonly string[]) {
    this.seeds = seeds;
    this.tokens = tokens.map((token) => Buffer.from(token, 'latin1'));
  }

  next(random: Random): Uint8Array {
    let input: Uint8Array = Uint8Array.from(pick(random, this.seeds));
    // Most inputs get few edits: decoders give a mangled input up at once.
    for (let left = 1 + Math.floor(random.next() ** 3 * MUTATIONS_MAX); left > 0; left--) {
      const operated = random.next() < SURGERY_SHARE ? operate(input, random, this.tokens) : undefined;
      input = operated ?? pick(random, edits)(input, random, this);
      if (input.length > INPUT_BYTES_MAX) input = input.subarray(0, INPUT_BYTES_MAX);
    }
    return input;
  }
}
