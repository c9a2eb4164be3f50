import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { concatBytes, equalBytes } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { rawHandshake } from '../../testing/wire/raw-messages.ts';
import { hash, RawKeys, RawRc4, rawOffer, xor } from '../../testing/wire/raw-mse.ts';
import { checkPublicKey, MSE_PRIME, type MseCrypto } from './mse-crypto.ts';
import { MseDetector } from './mse-detector.ts';
import { MseDialler } from './mse-dialler.ts';
import type { MseHandshake, MseOutcome } from './mse-handshake.ts';
import { type MseMethod, PLAINTEXT, RC4, torrentHash } from './mse-keys.ts';
import { MseListener } from './mse-listener.ts';

const INFO_HASH = new Uint8Array(20).fill(0x41);
const GREETING = rawHandshake();
const BOTH: readonly MseMethod[] = [RC4, PLAINTEXT];
const sha1 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(bytes).digest());

/** Key pairs are few and used again: what is tested here is not the arithmetic. */
const PAIRS = [new RawKeys(), new RawKeys()];

function cryptoOf(seed: number): MseCrypto {
  const random = new SeededRandom(seed);
  const randomBelow = (limit: number): number => Math.floor(random.next() * limit);
  return {
    sha1,
    keyPair: () => PAIRS[seed % 2]!,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => randomBelow(256)),
    randomBelow,
  };
}

const infoHashOf = (named: Uint8Array): Uint8Array | undefined =>
  equalBytes(named, torrentHash(sha1, INFO_HASH)) ? INFO_HASH : undefined;

const dialler = (seed: number, methods = BOTH, payload = GREETING): MseDialler =>
  new MseDialler({ crypto: cryptoOf(2 * seed), infoHash: INFO_HASH, methods, payload });
const listener = (seed: number, methods = BOTH): MseListener =>
  new MseListener({ crypto: cryptoOf(2 * seed + 1), infoHashOf, methods });

/** Feeds bytes in pieces of these lengths, over and over; what comes back, and the outcome. */
function feed(
  to: MseHandshake,
  bytes: Uint8Array,
  cuts: readonly number[],
): { reply: Uint8Array; outcome?: MseOutcome } {
  const replies: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = Math.min(bytes.length, at + cuts[turn % cuts.length]!);
    const { reply, outcome } = to.receive(bytes.slice(at, end));
    replies.push(reply);
    if (outcome !== undefined) {
      // What was not fed yet is payload: the link decrypts it, as here.
      const rest = bytes.slice(end);
      outcome.receiving?.apply(rest);
      return { reply: concatBytes(replies), outcome: { ...outcome, payload: concatBytes([outcome.payload, rest]) } };
    }
    at = end;
  }
  return { reply: concatBytes(replies) };
}

function talk(a: MseDialler, b: MseHandshake, cuts: readonly number[]): { a: MseOutcome; b: MseOutcome } {
  const second = feed(b, a.opening, cuts);
  const third = feed(a, second.reply, cuts);
  const fourth = feed(b, third.reply, cuts);
  assert.ok(fourth.outcome, 'the listener is done first');
  const extra = Uint8Array.from([1, 2, 3, 4, 5]);
  fourth.outcome.sending?.apply(extra);
  const last = feed(a, concatBytes([fourth.reply, extra]), cuts);
  assert.ok(last.outcome);
  return { a: last.outcome, b: fourth.outcome };
}

const cutLists = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
const choices = fc.constantFrom<readonly MseMethod[]>([RC4], [PLAINTEXT], [RC4, PLAINTEXT], [PLAINTEXT, RC4]);

test('both sides agree, however their bytes are cut, and lose none that come after', () => {
  fc.assert(
    fc.property(fc.nat({ max: 9999 }), cutLists, choices, choices, (seed, cuts, ours, theirs) => {
      const expected = theirs.find((method) => ours.includes(method));
      if (expected === undefined) {
        assert.throws(() => talk(dialler(seed, ours), listener(seed, theirs), cuts), { code: 'ERR_MSE_METHOD' });
        return;
      }
      const { a, b } = talk(dialler(seed, ours), listener(seed, theirs), cuts);
      assert.deepEqual([a.method, b.method], [expected, expected]);
      assert.deepEqual(b.payload, GREETING);
      assert.deepEqual(a.payload, Uint8Array.from([1, 2, 3, 4, 5]));
      assert.deepEqual([a.infoHash, b.infoHash], [INFO_HASH, INFO_HASH]);
      assert.equal(a.sending === undefined, expected === PLAINTEXT);
      const words = Uint8Array.from([9, 8, 7]);
      a.sending?.apply(words);
      b.receiving?.apply(words);
      assert.deepEqual(words, Uint8Array.from([9, 8, 7]));
    }),
    { numRuns: 200 },
  );
});

test('byte by byte, too', () => {
  const { a, b } = talk(dialler(3), listener(3), [1]);
  assert.deepEqual([a.method, b.method], [RC4, RC4]);
});

test('a stranger shows in the first bytes what it speaks', () => {
  const parts = { crypto: cryptoOf(1), infoHashOf, methods: BOTH };
  for (const cut of [1, 7, 20, 68]) {
    const plain = feed(new MseDetector({ ...parts, plaintext: true }), GREETING, [cut]);
    assert.deepEqual(plain.outcome?.payload, GREETING);
    assert.equal(plain.outcome.sending, undefined);
    assert.throws(() => feed(new MseDetector({ ...parts, plaintext: false }), GREETING, [cut]), {
      code: 'ERR_MSE_REQUIRED',
    });
    assert.equal(talk(dialler(4), new MseDetector({ ...parts, plaintext: false }), [cut]).b.method, RC4);
  }
});

/** What a dialler sends whose pads and lengths can be wrong. */
function wrongDialler(pads: {
  a?: number;
  c?: number;
  methods?: number;
  payload?: number;
  infoHash?: Uint8Array;
}): MseListener {
  const { a = 0, c = 0, methods = 3, payload = 0, infoHash = INFO_HASH } = pads;
  const keys = new RawKeys();
  const to = listener(1);
  const { reply } = to.receive(keys.publicKey);
  const secret = keys.secret(reply.slice(0, 96));
  const offer = rawOffer(methods, Math.min(c, 512));
  offer[12] = c >> 8;
  offer[13] = c & 255;
  const named = xor(hash('req2', infoHash), hash('req3', secret));
  const cipher = new RawRc4(hash('keyA', secret, infoHash));
  const sealed = cipher.crypt(
    concatBytes([offer, Uint8Array.of(payload >> 8, payload & 255), new Uint8Array(payload)]),
  );
  to.receive(concatBytes([new Uint8Array(a).fill(7), hash('req1', secret), named, sealed]));
  return to;
}

test('what breaks the rules ends the handshake with a code', () => {
  assert.doesNotThrow(() => wrongDialler({ a: 512, c: 512, payload: 4096 }));
  assert.throws(() => wrongDialler({ a: 513 }), { code: 'ERR_MSE_SYNC' });
  assert.throws(() => wrongDialler({ a: 5000 }), { code: 'ERR_MSE_SYNC' });
  assert.throws(() => wrongDialler({ c: 513 }), { code: 'ERR_MSE_PAD' });
  assert.throws(() => wrongDialler({ methods: 4 }), { code: 'ERR_MSE_METHOD' });
  assert.throws(() => wrongDialler({ payload: 4097 }), { code: 'ERR_MSE_PAYLOAD' });
  assert.throws(() => wrongDialler({ infoHash: new Uint8Array(20) }), { code: 'ERR_MSE_TORRENT' });
});

test('garbage is read no further than the longest pad, and then refused', () => {
  const key = new RawKeys().publicKey;
  for (const [to, markBytes] of [
    [dialler(1), 8],
    [listener(1), 20],
  ] as const) {
    to.receive(key);
    for (let count = 1; count < 512 + markBytes; count++) to.receive(Uint8Array.of(count));
    assert.throws(
      () => to.receive(Uint8Array.of(0)),
      (error) => error instanceof PeerError && error.code === 'ERR_MSE_SYNC',
    );
  }
});

test('a public key that gives the secret away is refused', () => {
  const below = (difference: number): Uint8Array => {
    const key = MSE_PRIME.slice();
    key[95]! -= difference;
    return key;
  };
  const small = (value: number): Uint8Array => new Uint8Array(96).fill(value, 95);
  for (const key of [small(0), small(1), below(0), below(1), new Uint8Array(96).fill(255)]) {
    assert.throws(() => checkPublicKey(key), { code: 'ERR_MSE_KEY' });
    assert.throws(() => listener(1).receive(key), { code: 'ERR_MSE_KEY' });
    assert.throws(() => dialler(1).receive(key), { code: 'ERR_MSE_KEY' });
  }
  for (const key of [small(2), below(2), new RawKeys().publicKey]) assert.doesNotThrow(() => checkPublicKey(key));
});
