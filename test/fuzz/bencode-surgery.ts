// Changes a bencoded input at its values instead of its bytes: what comes out is well-formed bencode that says
// something else, and so reaches the code behind the decoder.
import type { Random } from '#src/base/clock.ts';
import { decodeBencode } from '#src/protocol/bencode/bencode-decoder.ts';
import { encodeBencode } from '#src/protocol/bencode/bencode-encoder.ts';
import { BencodeError } from '#src/protocol/bencode/bencode-error.ts';
import { BencodeDictionary, type BencodeValue, isBencodeList } from '#src/protocol/bencode/bencode-value.ts';
import { below, pick } from './random-choice.ts';

type Tree = number | bigint | Uint8Array | Tree[] | Map<string, Tree>;

const NUMBERS: readonly (number | bigint)[] = [
  0,
  1,
  -1,
  255,
  65536,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  -(2n ** 63n),
  2n ** 63n - 1n,
];

function tree(value: BencodeValue): Tree {
  if (isBencodeList(value)) return value.map(tree);
  if (!(value instanceof BencodeDictionary)) return value;
  return new Map([...value.keys()].map((key) => [key, tree(value.get(key)!)]));
}

function leaf(random: Random, tokens: readonly Uint8Array[]): Tree {
  return pick<Tree>(random, [
    pick(random, NUMBERS),
    pick(random, tokens),
    new Uint8Array(below(random, 50)),
    [],
    new Map(),
  ]);
}

/** Another value in place of this one, often of the same type. */
function changed(value: Tree, random: Random, tokens: readonly Uint8Array[]): Tree {
  if (random.next() < 0.1) return leaf(random, tokens);
  if (typeof value === 'number' || typeof value === 'bigint') return pick(random, NUMBERS);
  if (value instanceof Uint8Array)
    return random.next() < 0.5 ? pick(random, tokens) : value.subarray(below(random, value.length + 1));
  if (value instanceof Map) return changedMap(value, random, tokens);
  return changedList(value, random, tokens);
}

function changedMap(map: Map<string, Tree>, random: Random, tokens: readonly Uint8Array[]): Tree {
  const keys = [...map.keys()];
  if (keys.length === 0) return leaf(random, tokens);
  const key = pick(random, keys);
  const dice = random.next();
  if (dice < 0.1) map.delete(key);
  else if (dice < 0.2) map.set(key, map.get(pick(random, keys))!);
  else map.set(key, changed(map.get(key)!, random, tokens));
  return map;
}

function changedList(list: Tree[], random: Random, tokens: readonly Uint8Array[]): Tree {
  if (list.length === 0) return leaf(random, tokens);
  const index = below(random, list.length);
  const dice = random.next();
  if (dice < 0.1) return list.filter((_, at) => at !== index);
  if (dice < 0.3) return [...list, list[index]!];
  return list.map((item, at) => (at === index ? changed(item, random, tokens) : item));
}

/** The input with one value changed, or `undefined` when it is no bencode. */
export function operate(input: Uint8Array, random: Random, tokens: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    const root = tree(decodeBencode(input));
    // The outermost dictionary stays one: everybody checks that first.
    return encodeBencode(root instanceof Map ? changedMap(root, random, tokens) : changed(root, random, tokens));
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}
