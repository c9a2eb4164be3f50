// Message stream encryption written down a second time, as plainly as it can be: where both halves of an implementation
// are wrong in the same way, only an independent hand finds out.
import { createHash, randomBytes } from 'node:crypto';
import type { RawConnection } from '../peers/raw-peer.ts';
import { join } from './raw-messages.ts';

const PRIME = BigInt(
  '0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563',
);
const KEY_BYTES = 96;
const RC4 = 2;

/** RC4 by the book, without its first 1024 bytes. */
export class RawRc4 {
  readonly #state = Array.from({ length: 256 }, (_, i) => i);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    let j = 0;
    for (let i = 0; i < 256; i++) {
      j = (j + this.#state[i]! + key[i % key.length]!) % 256;
      this.#swap(i, j);
    }
    for (let i = 0; i < 1024; i++) this.next();
  }

  next(): number {
    this.#i = (this.#i + 1) % 256;
    this.#j = (this.#j + this.#state[this.#i]!) % 256;
    this.#swap(this.#i, this.#j);
    return this.#state[(this.#state[this.#i]! + this.#state[this.#j]!) % 256]!;
  }

  crypt(bytes: Uint8Array): Uint8Array {
    return bytes.map((byte) => byte ^ this.next());
  }

  #swap(i: number, j: number): void {
    [this.#state[i], this.#state[j]] = [this.#state[j]!, this.#state[i]!];
  }
}

/** One side's key pair. */
export class RawKeys {
  readonly #exponent: bigint = toNumber(randomBytes(20));
  readonly publicKey: Uint8Array = toBytes(power(2n, this.#exponent));

  secret(theirs: Uint8Array): Uint8Array {
    return toBytes(power(toNumber(theirs), this.#exponent));
  }
}

export function hash(text: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHash('sha1')
      .update(text, 'latin1')
      .update(join(...parts))
      .digest(),
  );
}

export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}

/** VC, methods or the method, and a pad of zeros with its length before it. */
export function rawOffer(methods: number, padBytes: number): Uint8Array {
  return Uint8Array.from([
    ...Array(8).fill(0),
    0,
    0,
    0,
    methods,
    padBytes >> 8,
    padBytes & 255,
    ...Array(padBytes).fill(0),
  ]);
}

/** Plays the side that accepted: from here on the connection is encrypted by RC4. What came along counts as received. */
export async function listenEncrypted(peer: RawConnection, infoHash: Uint8Array, padBytes = 300): Promise<void> {
  const keys = new RawKeys();
  const secret = keys.secret(await peer.receive(KEY_BYTES));
  peer.send(keys.publicKey, randomBytes(padBytes));
  const mark = Buffer.from(hash('req1', secret));
  let seen = Buffer.alloc(0);
  while (seen.indexOf(mark) < 0) seen = Buffer.concat([seen, await peer.receive(1)]);
  const named = xor(await peer.receive(20), hash('req3', secret));
  if (Buffer.compare(named, hash('req2', infoHash)) !== 0) throw new Error('another torrent was named');
  const theirs = new RawRc4(hash('keyA', secret, infoHash));
  const ours = new RawRc4(hash('keyB', secret, infoHash));
  const offer = theirs.crypt(await peer.receive(14));
  if (offer.subarray(0, 8).some((byte) => byte !== 0) || (offer[11]! & RC4) === 0)
    throw new Error('not an offer of RC4');
  theirs.crypt(await peer.receive(offer[12]! * 256 + offer[13]! + 2));
  peer.send(ours.crypt(rawOffer(RC4, padBytes)));
  // What came along with the offer is of the same stream as what follows: its length does not matter.
  peer.secure(ours, theirs);
}

/** Plays the side that dialled: from here on the connection is encrypted by RC4. */
export async function dialEncrypted(peer: RawConnection, infoHash: Uint8Array, padBytes = 300): Promise<void> {
  const keys = new RawKeys();
  peer.send(keys.publicKey, randomBytes(padBytes));
  const secret = keys.secret(await peer.receive(KEY_BYTES));
  const ours = new RawRc4(hash('keyA', secret, infoHash));
  const theirs = new RawRc4(hash('keyB', secret, infoHash));
  const named = xor(hash('req2', infoHash), hash('req3', secret));
  peer.send(hash('req1', secret), named, ours.crypt(join(rawOffer(RC4, padBytes), new Uint8Array(2))));
  const mark = Buffer.from(theirs.crypt(new Uint8Array(8)));
  let seen = Buffer.alloc(0);
  while (seen.indexOf(mark) < 0) seen = Buffer.concat([seen, await peer.receive(1)]);
  const answer = theirs.crypt(await peer.receive(6));
  if (answer[3] !== RC4) throw new Error('RC4 was not chosen');
  theirs.crypt(await peer.receive(answer[4]! * 256 + answer[5]!));
  peer.secure(ours, theirs);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % PRIME) {
    if (rest & 1n) result = (result * square) % PRIME;
  }
  return result;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function toBytes(number: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(number.toString(16).padStart(2 * KEY_BYTES, '0'), 'hex'));
}
