import assert from 'node:assert/strict';
import test from 'node:test';
import { UTP_MTU_STEP_BYTES, UTP_PACKET_BYTES_BASE, UTP_PACKET_BYTES_MAX, UTP_SEARCH_AGAIN_US } from '../limits.ts';
import { MtuSearch } from './mtu-search.ts';

/** Searches until there is nothing to find out, on a path that lets through so much; returns what was tried. */
function search(mtu: MtuSearch, passes: number, nowUs: number): number[] {
  const tried: number[] = [];
  for (let bytes = mtu.nextBytes(nowUs); bytes !== mtu.packetBytes; bytes = mtu.nextBytes(nowUs)) {
    tried.push(bytes);
    mtu.sent(bytes);
    assert.equal(mtu.nextBytes(nowUs), mtu.packetBytes, 'one at a time');
    if (bytes <= passes) mtu.arrived(bytes, nowUs);
    else mtu.lost(bytes, nowUs);
  }
  return tried;
}

test('the largest is tried first, and when it passes nothing else', () => {
  const mtu = new MtuSearch(UTP_PACKET_BYTES_MAX);
  assert.deepEqual(search(mtu, UTP_PACKET_BYTES_MAX, 1), [UTP_PACKET_BYTES_MAX]);
  assert.equal(mtu.packetBytes, UTP_PACKET_BYTES_MAX);
});

test('otherwise the rest is halved until the step is too small to matter', () => {
  for (const passes of [UTP_PACKET_BYTES_BASE, 1201, 1280, 1399, 1400, 1471]) {
    const mtu = new MtuSearch(UTP_PACKET_BYTES_MAX);
    const tried = search(mtu, passes, 1);
    assert.ok(tried.length <= 8 && mtu.packetBytes <= passes, tried.join(' '));
    assert.ok(passes - mtu.packetBytes < UTP_MTU_STEP_BYTES, `${passes}: ${mtu.packetBytes}`);
    if (passes < 1336) assert.equal(tried[1], Math.ceil((UTP_PACKET_BYTES_BASE + UTP_PACKET_BYTES_MAX - 1) / 2));
  }
});

test('after a while it is tried again, for the path may be another one', () => {
  const mtu = new MtuSearch(UTP_PACKET_BYTES_MAX);
  search(mtu, 1300, 0);
  assert.deepEqual(search(mtu, 1400, UTP_SEARCH_AGAIN_US - 1), []);
  assert.equal(search(mtu, 1400, UTP_SEARCH_AGAIN_US)[0], UTP_PACKET_BYTES_MAX);
  assert.ok(mtu.packetBytes > 1390);
});

test('when nothing passes any more packets are small, and it is searched below what passed before', () => {
  const mtu = new MtuSearch(UTP_PACKET_BYTES_MAX);
  search(mtu, UTP_PACKET_BYTES_MAX, 0);
  mtu.fallBack(10);
  assert.equal(mtu.packetBytes, UTP_PACKET_BYTES_BASE);
  assert.equal(mtu.nextBytes(10), Math.ceil((UTP_PACKET_BYTES_BASE + UTP_PACKET_BYTES_MAX - 1) / 2));
  const small = new MtuSearch(UTP_PACKET_BYTES_BASE - 100);
  small.fallBack(10);
  assert.equal(small.nextBytes(10), UTP_PACKET_BYTES_BASE);
});
