import assert from 'node:assert/strict';
import test from 'node:test';
import { AnnouncePace } from './announce-pace.ts';
import { ANNOUNCE_BURST, ANNOUNCES_PER_SECOND } from './limits.ts';

const APART_MS = 1000 / ANNOUNCES_PER_SECOND;

test('a burst goes at once, the others one after the other, each at a time of its own', () => {
  const pace = new AnnouncePace();
  const turns = Array.from({ length: ANNOUNCE_BURST + 3 }, () => pace.book(5000, false));
  assert.deepEqual(turns.slice(0, ANNOUNCE_BURST), new Array(ANNOUNCE_BURST).fill(5000));
  assert.deepEqual(
    turns.slice(ANNOUNCE_BURST).map((turn) => turn - 5000),
    [APART_MS, 2 * APART_MS, 3 * APART_MS],
  );
});

test('unused turns are saved up, but no more than a burst', () => {
  const pace = new AnnouncePace();
  for (let turn = 0; turn < ANNOUNCE_BURST; turn++) pace.book(0, false);
  assert.equal(pace.book(2 * APART_MS, false), 2 * APART_MS, 'one of the two that passed');
  assert.equal(pace.book(2 * APART_MS, false), 2 * APART_MS);
  assert.equal(pace.book(2 * APART_MS, false), 3 * APART_MS);
  const turns = Array.from({ length: ANNOUNCE_BURST + 1 }, () => pace.book(1e9, false));
  assert.deepEqual([turns[0], turns[ANNOUNCE_BURST - 1], turns[ANNOUNCE_BURST]], [1e9, 1e9, 1e9 + APART_MS]);
});

test('who needs peers does not stand behind those who do not', () => {
  const pace = new AnnouncePace();
  for (let turn = 0; turn < 10 * ANNOUNCE_BURST; turn++) pace.book(0, false);
  assert.equal(pace.book(0, true), 0);
});
