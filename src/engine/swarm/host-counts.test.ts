import assert from 'node:assert/strict';
import test from 'node:test';
import { HostCounts } from './host-counts.ts';
import { LINKS_PER_HOST_MAX } from './limits.ts';

function fill(hosts: HostCounts, host: string): void {
  for (let count = 0; count < LINKS_PER_HOST_MAX; count++) hosts.add(host);
}

test('a host is crowded from its last allowed connection on, until one of them ends', () => {
  const hosts = new HostCounts();
  for (let count = 1; count < LINKS_PER_HOST_MAX; count++) hosts.add('192.0.2.1');
  assert.equal(hosts.isCrowded('192.0.2.1'), false);
  hosts.add('192.0.2.1');
  assert.equal(hosts.isCrowded('192.0.2.1'), true);
  assert.equal(hosts.isCrowded('::ffff:192.0.2.1'), true, 'the same host, seen over IPv6');
  assert.equal(hosts.isCrowded('192.0.2.2'), false);
  hosts.remove('192.0.2.1');
  assert.equal(hosts.isCrowded('192.0.2.1'), false);
});

test('a /64 of IPv6 is one host: its subscriber has 2⁶⁴ addresses', () => {
  const hosts = new HostCounts();
  for (let count = 0; count < LINKS_PER_HOST_MAX; count++) hosts.add(`2001:db8:1:2::${count + 1}`);
  assert.equal(hosts.isCrowded('2001:db8:1:2:ffff:ffff:ffff:ffff'), true);
  assert.equal(hosts.isCrowded('2001:db8:1:3::1'), false);
});

test('this machine is never crowded, and a name stands for itself', () => {
  const hosts = new HostCounts();
  for (const host of ['127.0.0.1', '::1', 'seed.example']) fill(hosts, host);
  assert.deepEqual(['127.0.0.1', '::1', 'seed.example', 'other.example'].map(hosts.isCrowded), [
    false,
    false,
    true,
    false,
  ]);
});
