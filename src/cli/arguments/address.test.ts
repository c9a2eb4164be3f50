import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseListen, parsePeer } from './address.ts';

test('peers are read by name, IPv4 and bracketed IPv6', () => {
  assert.deepEqual(parsePeer('127.0.0.1:6881'), { host: '127.0.0.1', port: 6881 });
  assert.deepEqual(parsePeer('seed.example.org:1'), { host: 'seed.example.org', port: 1 });
  assert.deepEqual(parsePeer('[::1]:6881'), { host: '::1', port: 6881 });
  assert.deepEqual(parsePeer('[fe80::1%eth0]:6881'), { host: 'fe80::1%eth0', port: 6881 });
});

test('a peer without host or port is refused', () => {
  for (const text of [
    '',
    '6881',
    ':6881',
    'host',
    'host:',
    'host:0',
    'host:65536',
    '::1:6881',
    '[::1]',
    'a b:1',
    'http://a:1',
  ]) {
    assert.throws(() => parsePeer(text), { code: 'ERR_CLI_ADDRESS' }, text);
  }
});

test('one may listen on a port alone, or on a host and a port', () => {
  assert.deepEqual(parseListen('6881'), { port: 6881 });
  assert.deepEqual(parseListen(':6881'), { port: 6881 });
  assert.deepEqual(parseListen('0'), { port: 0 });
  assert.deepEqual(parseListen('127.0.0.1:0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(parseListen('[::]:6881'), { host: '::', port: 6881 });
  for (const text of ['', 'host', '70000', ':70000', '-1', '::']) {
    assert.throws(() => parseListen(text), { code: 'ERR_CLI_ADDRESS' }, text);
  }
});

test('a written address is read back', () => {
  for (const address of [
    { host: '10.0.0.1', port: 51413 },
    { host: '2001:db8::1', port: 6881 },
  ]) {
    assert.deepEqual(parsePeer(formatAddress(address)), address);
  }
});
