import assert from 'node:assert/strict';
import test from 'node:test';
import { fromHex, fromLatin1 } from '../base/bytes.ts';
import { signedBytes } from '../protocol/krpc/stored-item.ts';
import { verifyEd25519 } from './client-dht.ts';

const VALUE = fromLatin1('12:Hello World!');
const KEY = fromHex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548')!;
const PLAIN =
  '305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01';
const SALTED =
  '6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08';

test('the signatures of BEP 44, and none that is not theirs', () => {
  const [plain, salted] = [fromHex(PLAIN)!, fromHex(SALTED)!];
  const nothing = new Uint8Array(0);
  assert.ok(verifyEd25519(KEY, plain, signedBytes(VALUE, 1, nothing)));
  assert.ok(verifyEd25519(KEY, salted, signedBytes(VALUE, 1, fromLatin1('foobar'))));
  assert.equal(verifyEd25519(KEY, plain, signedBytes(VALUE, 2, nothing)), false);
  assert.equal(verifyEd25519(KEY, plain.with(0, 0), signedBytes(VALUE, 1, nothing)), false);
  assert.equal(verifyEd25519(new Uint8Array(32).fill(0xff), plain, VALUE), false, 'not every 32 bytes are a key');
});
