import assert from 'node:assert/strict';
import test from 'node:test';
import { Bans } from './bans.ts';
import { BANS_MAX } from './limits.ts';

test('whoever has many addresses fills no memory with bans: the oldest is forgotten', () => {
  const bans = new Bans();
  for (let at = 0; at < BANS_MAX + 2; at++) bans.add(`20.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
  assert.equal(bans.size, BANS_MAX);
  assert.deepEqual([bans.has('20.0.0.1'), bans.has('20.0.0.2')], [false, true]);
});

test('a liar does not come back by the next address of his /64', () => {
  const bans = new Bans();
  bans.add('2001:db8:1:2::1');
  assert.ok(bans.has('2001:db8:1:2:ffff::9'));
  assert.ok(!bans.has('2001:db8:1:3::1'));
  assert.deepEqual([...bans], ['2001:db8:1:2::1'], 'it is saved, and told, as it was met');
  const restored = new Bans();
  for (const ban of bans) restored.add(ban);
  assert.ok(restored.has('2001:db8:1:2::5'));
});

test('a port of this machine is not the next one', () => {
  const bans = new Bans();
  bans.add('::1|6881');
  assert.deepEqual([bans.has('::1|6881'), bans.has('::1|6882')], [true, false]);
});
