import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { orAborted } from './or-aborted.ts';

const never = new Promise<never>(() => undefined);

test('what is waited for comes, or the reason of the signal, at whatever time it is aborted', async () => {
  const reason = new Error('enough');
  assert.equal(await orAborted(Promise.resolve(1), undefined), 1);
  const given = new AbortController();
  assert.equal(await orAborted(Promise.resolve(1), given.signal), 1);
  const waiting = orAborted(never, given.signal);
  given.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(orAborted(never, given.signal), reason);
});

test('a signal that outlives what was waited for holds nothing of it', async () => {
  const { signal } = new AbortController();
  await orAborted(Promise.resolve(1), signal);
  await assert.rejects(orAborted(Promise.reject(new Error('no')), signal));
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});
