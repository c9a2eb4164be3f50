import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkReason } from './network-reason.ts';

test('a known code is said in words, with the code behind them', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' });
  assert.equal(networkReason(refused), 'nobody listens there (ECONNREFUSED)');
});

test('an unknown code leaves the word to the error, and one without a message to its code', () => {
  assert.equal(
    networkReason(Object.assign(new Error('certificate has expired'), { code: 'CERT' })),
    'certificate has expired',
  );
  // A connection that was tried over several addresses fails with an AggregateError that says nothing.
  assert.equal(networkReason(Object.assign(new Error(''), { code: 'ESTRANGE' })), 'ESTRANGE');
});
