import assert from 'node:assert/strict';
import test from 'node:test';
import type { BoundAddresses } from '../host/net/local-binding.ts';
import { BindingWatch } from './binding-watch.ts';

test('what is gone is told, and what comes back under another address is bound anew', () => {
  let now: BoundAddresses = { 4: '10.8.0.2', 6: '2001:db8::2' };
  const told: string[] = [];
  const watch = new BindingWatch({
    binding: { present: () => now },
    gone: () => told.push('gone'),
    moved: () => told.push('moved'),
  });
  const look = (addresses: BoundAddresses): string[] => {
    now = addresses;
    watch.look();
    return told.splice(0);
  };
  assert.deepEqual(look({ 4: '10.8.0.2', 6: '2001:db8::2' }), []);
  assert.deepEqual(look({ 4: '10.8.0.2' }), ['gone', 'moved'], 'one family is left');
  assert.deepEqual(look({}), ['gone']);
  assert.deepEqual(look({}), []);
  assert.deepEqual(look({ 4: '10.8.0.9' }), ['moved']);
  assert.deepEqual(look({ 4: '10.8.0.7' }), ['gone', 'moved']);
  assert.deepEqual(look({ 4: '10.8.0.7', 6: '2001:db8::7' }), ['moved']);
});
