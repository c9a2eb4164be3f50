import assert from 'node:assert/strict';
import test from 'node:test';
import { BITFIELD, EXTENDED, HAVE, REQUEST } from '../../protocol/wire/message-id.ts';
import { MESSAGES_BURST_MAX, MESSAGES_PER_SECOND_MAX } from './limits.ts';
import { costOf, Talk } from './talk.ts';

test('a burst is borne, a flood is not, and time wears it off', () => {
  const talk = new Talk();
  assert.equal(talk.bears(MESSAGES_BURST_MAX, 1000, 0), true);
  assert.equal(talk.bears(1, 1000, 0), false);
  assert.equal(talk.bears(MESSAGES_PER_SECOND_MAX, 2000, 0), false, 'one is still owed');
  assert.equal(talk.bears(MESSAGES_PER_SECOND_MAX, 4000, 0), true);
});

test('who stood still for an hour bears no more than anybody', () => {
  const talk = new Talk();
  assert.equal(talk.bears(1, 0, 0), true);
  assert.equal(talk.bears(MESSAGES_BURST_MAX + 1, 3_600_000, 0), false);
});

test('a torrent of many pieces may be declared by HAVE alone', () => {
  assert.equal(new Talk().bears(MESSAGES_BURST_MAX + 1000, 0, 1000), true);
});

test('a message counts by what it costs: a tree by its bytes, a bitfield by its size', () => {
  assert.equal(costOf(HAVE, new Uint8Array(4)), 1);
  assert.equal(costOf(REQUEST, new Uint8Array(12)), 0);
  assert.ok(costOf(BITFIELD, new Uint8Array(64_000)) > 500);
  const handshake = new Uint8Array(8000);
  assert.ok(costOf(EXTENDED, handshake) > 1000);
  handshake[0] = 3;
  assert.ok(costOf(EXTENDED, handshake) < 10, 'only the head of any other extended message is a tree, and a small one');
});
