// Encrypted handshakes (MSE) under fuzzing. The first byte of an input says which side is played and what it accepts, the
// second how the rest is cut; the rest is what the other side says. Keys are fixed and the secret is their exclusive or,
// so that committed inputs can be whole handshakes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { concatBytes, equalBytes } from '#src/base/bytes.ts';
import { PeerError } from '#src/base/errors.ts';
import type { MseCrypto } from '#src/protocol/mse/mse-crypto.ts';
import { MseDetector } from '#src/protocol/mse/mse-detector.ts';
import { MseDialler } from '#src/protocol/mse/mse-dialler.ts';
import type { MseHandshake } from '#src/protocol/mse/mse-handshake.ts';
import { type MseMethod, PLAINTEXT, RC4, torrentHash } from '#src/protocol/mse/mse-keys.ts';

const DIALS = 1;
const ACCEPTS_PLAINTEXT = 2;
const INFO_HASH = new Uint8Array(20).fill(0x41);
const PUBLIC_KEY_BYTES = 96;
/** Both pads, hashes, an offer and the longest payload: who has sent so much is understood or refused. */
const DECIDED_BYTES = 96 + 512 + 40 + 14 + 512 + 2 + 4096;
/** The longest answer: a key with its pad, and what accepts the offer. */
const REPLY_BYTES_MAX = 2048;

const sha1 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(bytes).digest());

/** Committed inputs are made with the key 0x22…22. */
const OWN_KEY = 0x11;

const crypto: MseCrypto = {
  sha1,
  keyPair: () => ({
    publicKey: new Uint8Array(PUBLIC_KEY_BYTES).fill(OWN_KEY),
    secret: (theirs) => theirs.map((byte) => byte ^ OWN_KEY),
  }),
  randomBytes: (count) => new Uint8Array(count).fill(0x55),
  randomBelow: (limit) => limit >> 6,
};

/** The side that an input is said to. */
function mseSide(flags: number): MseHandshake {
  const plaintext = (flags & ACCEPTS_PLAINTEXT) !== 0;
  const methods: readonly MseMethod[] = plaintext ? [RC4, PLAINTEXT] : [RC4];
  if ((flags & DIALS) !== 0) return new MseDialler({ crypto, infoHash: INFO_HASH, methods, payload: INFO_HASH });
  const named = torrentHash(sha1, INFO_HASH);
  const infoHashOf = (hash: Uint8Array): Uint8Array | undefined => (equalBytes(hash, named) ? INFO_HASH : undefined);
  return new MseDetector({ crypto, infoHashOf, methods, plaintext });
}

/** What a side made of bytes that came in chunks of `cut`: everything that must not depend on the cut. */
function told(flags: number, bytes: Uint8Array, cut: number): { text: string; decided: boolean } {
  const side = mseSide(flags);
  const replies: Uint8Array[] = [];
  try {
    for (let at = 0; at < bytes.length; at += cut) {
      const { reply, outcome } = side.receive(bytes.slice(at, at + cut));
      replies.push(reply);
      if (outcome === undefined) continue;
      const rest = bytes.slice(at + cut);
      outcome.receiving?.apply(rest);
      assert.equal(outcome.sending === undefined, outcome.method === PLAINTEXT, 'ciphers are there when they are used');
      const heard = Buffer.from(concatBytes([outcome.payload, rest])).toString('hex');
      return { text: `${outcome.method} ${heard} ${lengthOf(replies)}`, decided: true };
    }
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    assert.match(error.code, /^ERR_MSE_/);
    return { text: error.code, decided: true };
  }
  return { text: `waits ${lengthOf(replies)}`, decided: false };
}

function lengthOf(replies: readonly Uint8Array[]): number {
  const total = replies.reduce((sum, { length }) => sum + length, 0);
  assert.ok(total <= REPLY_BYTES_MAX, `${total} bytes of answers`);
  return total;
}

export function runMseScript(input: Uint8Array): void {
  const [flags = 0, cut = 0] = input;
  const bytes = input.subarray(2);
  const whole = told(flags, bytes, bytes.length || 1);
  assert.equal(told(flags, bytes, cut + 1).text, whole.text, 'the cut makes no difference');
  if (bytes.length >= DECIDED_BYTES) assert.ok(whole.decided, 'nobody is listened to for ever');
}
