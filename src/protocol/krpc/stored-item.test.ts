import assert from 'node:assert/strict';
import test from 'node:test';
import { fromHex, fromLatin1, toHex, toLatin1 } from '../../base/bytes.ts';
import { sha1 } from '../../testing/sha1.ts';
import { itemTarget, signedBytes } from './stored-item.ts';

const VALUE = fromLatin1('12:Hello World!');
const KEY = fromHex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548')!;
const NO_SALT = new Uint8Array(0);
const SALT = fromLatin1('foobar');

test('the vectors of BEP 44: what is signed, and where it is stored', () => {
  assert.equal(toLatin1(signedBytes(VALUE, 1, NO_SALT)), '3:seqi1e1:v12:Hello World!');
  assert.equal(toLatin1(signedBytes(VALUE, 1, SALT)), '4:salt6:foobar3:seqi1e1:v12:Hello World!');
  const target = (salt: Uint8Array): string =>
    toHex(itemTarget({ value: VALUE, mutable: { key: KEY, signature: new Uint8Array(64), seq: 1, salt } }, sha1));
  assert.equal(target(NO_SALT), '4a533d47ec9c7d95b1ad75f576cffc641853b750');
  assert.equal(target(SALT), '411eba73b6f087ca51a3795d9c8c938d365e32c1');
  assert.equal(toHex(itemTarget({ value: VALUE }, sha1)), 'e5f96f6f38320f0f33959cb4d3d656452117aadb');
});
