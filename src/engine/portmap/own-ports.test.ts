// Which port of ours others are told.
import assert from 'node:assert/strict';
import test from 'node:test';
import { portTowards } from './own-ports.ts';

test('the internet is told the port that a gateway gave us, and our own network the one that we are bound to', () => {
  const own = { listenPort: () => 6881, mappedPorts: () => ({ 4: 50_000 }) };
  assert.equal(portTowards('198.51.100.1', own), 50_000);
  assert.equal(portTowards('2001:db8::1', own), 6881);
  for (const near of ['192.168.1.9', '127.0.0.1', 'fd00::1', 'fe80::1', 'tracker.example']) {
    assert.equal(portTowards(near, own), 6881, near);
  }
});

test('without a gateway everybody is told the same, and nothing when nobody may come', () => {
  assert.equal(portTowards('198.51.100.1', { listenPort: () => 6881 }), 6881);
  assert.equal(portTowards('198.51.100.1', { listenPort: () => 0, mappedPorts: () => ({ 4: 50_000 }) }), 0);
});
