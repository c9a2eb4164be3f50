import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { STRANGERS_KEYS_PER_SECOND } from '../limits.ts';
import { Encryption } from './encryption.ts';
import { mseNodeCrypto } from './mse-node-crypto.ts';

test('strangers that send keys without end are answered at a bounded rate, and nobody whom we dial waits for it', () => {
  let nowMs = 1000;
  const encryption = new Encryption('allow', mseNodeCrypto, () => nowMs);
  const answered = (knocks: number): number => {
    let count = 0;
    for (let knock = 0; knock < knocks; knock++) {
      try {
        if (encryption.incoming()!.receive(randomBytes(96)).reply.length > 0) count++;
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_MSE_BUSY');
      }
    }
    return count;
  };
  answered(1);
  nowMs += 250;
  const burst = answered(500);
  assert.equal(burst, STRANGERS_KEYS_PER_SECOND / 4);
  nowMs += 100;
  assert.equal(answered(500), STRANGERS_KEYS_PER_SECOND / 10);
  assert.equal(answered(10), 0);
  assert.ok(encryption.outgoing(randomBytes(20), new Uint8Array(0)).opening.length >= 96);
});
