import assert from 'node:assert/strict';
import test from 'node:test';
import { HANDSHAKE_TIMEOUT_MS } from '../limits.ts';
import { LINKS_PER_HOST_MAX } from '../swarm/limits.ts';
import { STRANGERS_MAX } from './limits.ts';
import { Strangers } from './strangers.ts';

const everybody = (): boolean => true;

function at(number: number) {
  return { host: `10.${number >> 8}.${number & 255}.1`, port: 6881 };
}

test('when there are too many strangers, the one that waits longest goes for the newcomer', () => {
  const strangers = new Strangers();
  for (let link = 1; link <= STRANGERS_MAX; link++) assert.equal(strangers.admit(link, at(link), link), undefined);
  for (let link = STRANGERS_MAX + 1; link < 1000; link++) {
    assert.equal(strangers.admit(link, at(link), link), link - STRANGERS_MAX);
    assert.equal(strangers.addressOf(link - STRANGERS_MAX), undefined);
    assert.deepEqual(strangers.addressOf(link), at(link));
  }
  assert.equal([...strangers.from(everybody)].length, STRANGERS_MAX);
});

test('a host that has as many strangers as it may is refused itself, until one of them left or was known', () => {
  const strangers = new Strangers();
  for (let link = 1; link <= LINKS_PER_HOST_MAX; link++) strangers.admit(link, at(7), 0);
  assert.equal(strangers.admit(90, at(7), 0), 90);
  assert.equal(strangers.admit(91, at(8), 0), undefined);
  strangers.forget(3);
  strangers.forget(3);
  assert.equal(strangers.admit(92, at(7), 0), undefined);
  assert.equal(strangers.admit(93, at(7), 0), 93);
});

test('who has said nothing when the time for a handshake is over is late', () => {
  const strangers = new Strangers();
  strangers.admit(1, at(1), 0);
  strangers.admit(2, at(2), 500);
  assert.deepEqual([...strangers.late(HANDSHAKE_TIMEOUT_MS)], []);
  assert.deepEqual([...strangers.late(HANDSHAKE_TIMEOUT_MS + 1)], [1]);
  strangers.forget(1);
  assert.deepEqual([...strangers.late(HANDSHAKE_TIMEOUT_MS + 501)], [2]);
});
