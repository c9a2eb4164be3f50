// What the DHT stores for anybody (BEP 44): values that are known by their hash, and values that are signed by a key and
// may be replaced by later ones of the same key.
import { concatBytes, fromLatin1 } from '../../base/bytes.ts';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** What makes a value mutable. */
export interface MutablePart {
  /** 32 bytes: the ed25519 key that signed it. */
  readonly key: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** A later value has a greater one: 0 … 2⁶³−1. */
  readonly seq: number | bigint;
  /** Tells several values of one key apart; empty for none. */
  readonly salt: Uint8Array;
}

/** A value, encoded, exactly as it was put. */
export interface StoredItem {
  readonly value: Uint8Array;
  readonly mutable?: MutablePart;
}

/** What the signature of a mutable value is about. */
export function signedBytes(value: Uint8Array, seq: number | bigint, salt: Uint8Array): Uint8Array {
  const head = salt.length === 0 ? [] : [fromLatin1(`4:salt${salt.length}:`), salt];
  return concatBytes([...head, fromLatin1(`3:seqi${seq}e1:v`), value]);
}

/** Where an item is stored. */
export function itemTarget(item: StoredItem, sha1: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const { value, mutable } = item;
  return sha1(mutable === undefined ? value : concatBytes([mutable.key, mutable.salt]));
}
