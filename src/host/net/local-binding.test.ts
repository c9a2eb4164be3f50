import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import test from 'node:test';
import { LocalBinding } from './local-binding.ts';

function ipv4(address: string): NetworkInterfaceInfo {
  return { address, family: 'IPv4', netmask: '', mac: '', internal: false, cidr: null };
}

function ipv6(address: string, scopeid: number): NetworkInterfaceInfo {
  return { address, family: 'IPv6', netmask: '', mac: '', internal: false, cidr: null, scopeid };
}

const HOME = { eth0: [ipv4('192.168.1.5'), ipv6('fe80::1', 2), ipv6('2001:db8::5', 0)] };
const VPN = { ...HOME, tun0: [ipv4('10.8.0.2')] };

test('an address is bound to while it is there, and there is no other one', () => {
  const binding = new LocalBinding('10.8.0.2', () => VPN);
  assert.deepEqual(binding.addresses(), { 4: '10.8.0.2' });
  assert.equal(binding.address(4), '10.8.0.2');
  assert.throws(() => binding.address(6), { code: 'EAFNOSUPPORT' });
  const gone = new LocalBinding('10.8.0.2', () => HOME);
  assert.throws(() => gone.addresses(), {
    code: 'ERR_BIND_ADDRESS',
    message: /no interface has the address 10\.8\.0\.2/,
  });
  assert.throws(() => gone.address(4), { code: 'ERR_BIND_ADDRESS' });
  assert.deepEqual(gone.present(), {});
});

test('an interface stands for one address of each family, none of them link-local', () => {
  assert.deepEqual(new LocalBinding('eth0', () => VPN).addresses(), { 4: '192.168.1.5', 6: '2001:db8::5' });
  assert.deepEqual(new LocalBinding('tun0', () => VPN).addresses(), { 4: '10.8.0.2' });
  for (const interfaces of [HOME, { ...HOME, tun0: [] }, { ...HOME, tun0: [ipv6('fe80::2', 3)] }]) {
    const gone = new LocalBinding('tun0', () => interfaces);
    assert.throws(() => gone.addresses(), { code: 'ERR_BIND_ADDRESS', message: /no interface tun0 with an address/ });
  }
});
