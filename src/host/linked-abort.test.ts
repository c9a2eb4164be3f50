// A signal that follows others for a while.
import assert from 'node:assert/strict';
import test from 'node:test';
import { types } from 'node:util';
import { LinkedAbort } from './linked-abort.ts';

const { isMap, isSet } = types;

/** How much is kept at an object, its private sets and maps included. */
function kept(object: object): number {
  return Reflect.ownKeys(object)
    .map((key) => (object as Record<PropertyKey, unknown>)[key])
    .reduce((sum: number, value) => sum + (isSet(value) || isMap(value) ? value.size : 0), 0);
}

test('it is aborted with the first of the signals that it follows, for the same reason', () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const link = new LinkedAbort(one.signal, undefined, two.signal);
  assert.equal(link.signal.aborted, false);
  const reason = new Error('enough');
  two.abort(reason);
  one.abort(new Error('too late'));
  assert.equal(link.signal.reason, reason);
  assert.equal(new LinkedAbort(two.signal).signal.reason, reason, 'one that is aborted already');
});

test('a signal that outlives a thousand of them keeps nothing of them', () => {
  const { signal } = new AbortController();
  const use = (): void => new LinkedAbort(signal).release();
  use();
  const before = kept(signal);
  for (let count = 0; count < 1000; count++) use();
  assert.equal(kept(signal), before);
  // What it is there for: each of these is kept until the signal itself goes.
  for (let count = 0; count < 10; count++) AbortSignal.any([signal]);
  assert.ok(kept(signal) > before, 'Node has mended AbortSignal.any: LinkedAbort can go');
});
