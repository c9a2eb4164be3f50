import assert from 'node:assert/strict';
import test from 'node:test';
import { ANNOUNCE_BURST, ANNOUNCES_PER_SECOND } from '../limits.ts';
import { AnnouncePace } from './announce-pace.ts';

function taken(pace: AnnouncePace, nowMs: number): number {
  let count = 0;
  while (pace.take(nowMs)) count++;
  return count;
}

test('a few torrents announce at once, thousands one after the other', () => {
  const pace = new AnnouncePace();
  assert.equal(taken(pace, 0), ANNOUNCE_BURST);
  assert.equal(taken(pace, 100), ANNOUNCES_PER_SECOND / 10);
  assert.equal(taken(pace, 100), 0);
  assert.equal(taken(pace, 1e9), ANNOUNCE_BURST);
});
