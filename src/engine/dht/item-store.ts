// Values that we store for others (BEP 44): which put is taken, which is refused and why. Bounded; what was not put again
// for long goes.
import { equalBytes, toLatin1 } from '../../base/bytes.ts';
import {
  KRPC_ERROR_CAS,
  KRPC_ERROR_SALT_TOO_BIG,
  KRPC_ERROR_SEQ,
  KRPC_ERROR_SIGNATURE,
  KRPC_ERROR_VALUE_TOO_BIG,
} from '../../protocol/krpc/krpc-message.ts';
import { itemTarget, type StoredItem, signedBytes } from '../../protocol/krpc/stored-item.ts';
import { DHT_SALT_BYTES_MAX, DHT_VALUE_BYTES_MAX } from '../../protocol/limits.ts';
import { ITEM_LIFE_MS, STORED_ITEMS_MAX } from './limits.ts';

/** Whether the signature of these bytes was made with the key: ed25519. */
export type VerifySignature = (key: Uint8Array, signature: Uint8Array, bytes: Uint8Array) => boolean;

/** Why a value is not stored: a code of BEP 44 and words for it. */
export interface PutRefusal {
  readonly code: number;
  readonly text: string;
}

interface KeptItem {
  readonly item: StoredItem;
  readonly untilMs: number;
}

/** Whether a value is what it claims to be, and small enough. */
export function faultOf(item: StoredItem, verify: VerifySignature): PutRefusal | undefined {
  const { value, mutable } = item;
  if (value.length > DHT_VALUE_BYTES_MAX) return { code: KRPC_ERROR_VALUE_TOO_BIG, text: 'v is too big' };
  if (mutable === undefined) return undefined;
  const { key, signature, seq, salt } = mutable;
  if (salt.length > DHT_SALT_BYTES_MAX) return { code: KRPC_ERROR_SALT_TOO_BIG, text: 'salt is too big' };
  if (verify(key, signature, signedBytes(value, seq, salt))) return undefined;
  return { code: KRPC_ERROR_SIGNATURE, text: 'invalid signature' };
}

export class ItemStore {
  readonly #sha1: (bytes: Uint8Array) => Uint8Array;
  readonly #verify: VerifySignature;
  /** By target, the item that was put last last. */
  readonly #items = new Map<string, KeptItem>();

  constructor(sha1: (bytes: Uint8Array) => Uint8Array, verify: VerifySignature) {
    this.#sha1 = sha1;
    this.#verify = verify;
  }

  get size(): number {
    return this.#items.size;
  }

  get(target: Uint8Array): StoredItem | undefined {
    return this.#items.get(toLatin1(target))?.item;
  }

  /** Stores a value, or says why not. `cas`: only over the value of that number. */
  put(item: StoredItem, cas: number | bigint | undefined, nowMs: number): PutRefusal | undefined {
    const fault = faultOf(item, this.#verify);
    if (fault !== undefined) return fault;
    const name = toLatin1(itemTarget(item, this.#sha1));
    const stored = this.#items.get(name)?.item;
    const conflict = conflictOf(stored, item, cas);
    if (conflict !== undefined) return conflict;
    this.#items.delete(name);
    this.#items.set(name, { item, untilMs: nowMs + ITEM_LIFE_MS });
    if (this.#items.size > STORED_ITEMS_MAX) this.#items.delete(this.#items.keys().next().value!);
    return undefined;
  }

  expire(nowMs: number): void {
    for (const [name, { untilMs }] of this.#items) {
      if (untilMs > nowMs) return;
      this.#items.delete(name);
    }
  }
}

/** A value of the same number is the same value put again, or it is refused. */
function conflictOf(
  stored: StoredItem | undefined,
  item: StoredItem,
  cas: number | bigint | undefined,
): PutRefusal | undefined {
  if (stored?.mutable === undefined || item.mutable === undefined) return undefined;
  const [held, given] = [BigInt(stored.mutable.seq), BigInt(item.mutable.seq)];
  if (cas !== undefined && BigInt(cas) !== held)
    return { code: KRPC_ERROR_CAS, text: 'cas mismatch, re-read and try again' };
  if (given > held || (given === held && equalBytes(stored.value, item.value))) return undefined;
  return { code: KRPC_ERROR_SEQ, text: 'sequence number less than current' };
}
