// Replies over IPv4 and IPv6 as one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { mergeReplies } from './merged-reply.ts';

test('peers are joined, each once, and whoever wants to hear from us later is heeded', () => {
  const [shared, four, six] = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((host) => ({ host, port: 1 }));
  const merged = mergeReplies([
    { peers: [shared!, four!], intervalMs: 10, minIntervalMs: 7, seeds: 3, warning: 'old', externalIp: '198.51.100.1' },
    { peers: [six!, shared!], intervalMs: 20, seeds: 2, leeches: 5, trackerId: Uint8Array.of(1) },
  ]);
  assert.deepEqual(merged.peers, [shared, four, six]);
  assert.deepEqual([merged.intervalMs, merged.minIntervalMs, merged.seeds, merged.leeches], [20, 7, 3, 5]);
  assert.deepEqual([merged.warning, merged.externalIp, merged.trackerId?.length], ['old', '198.51.100.1', 1]);
});

test('what only one of them says is taken, whichever it is, and of two ids the first', () => {
  const told = { seeds: 3, minIntervalMs: 7, trackerId: Uint8Array.of(1), warning: 'old', externalIp: '198.51.100.1' };
  const silent = { peers: [], intervalMs: 5 };
  for (const replies of [
    [{ ...silent, ...told }, silent],
    [silent, { ...silent, ...told }],
    [
      { ...silent, ...told },
      { ...silent, trackerId: Uint8Array.of(2), warning: 'new', externalIp: '198.51.100.2' },
    ],
  ]) {
    const { seeds, minIntervalMs, trackerId, warning, externalIp } = mergeReplies(replies);
    assert.deepEqual({ seeds, minIntervalMs, trackerId, warning, externalIp }, told);
  }
});

test('one reply stays as it is', () => {
  const reply = { peers: [], intervalMs: 5 };
  assert.equal(mergeReplies([reply]), reply);
});
