// Which gateways are asked, for which of our addresses.
import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import test from 'node:test';
import type { DefaultRoute } from './default-routes.ts';
import { findGateways, inNetwork } from './gateway-finder.ts';

const ALL = (): boolean => true;
const at =
  (...hosts: string[]) =>
  (address: string): boolean =>
    hosts.includes(address);
const ROUTES: readonly DefaultRoute[] = [
  { family: 4, host: '10.0.0.1', interfaceName: 'wlan0', metric: 600 },
  { family: 4, host: '192.168.1.1', interfaceName: 'eth0', metric: 100 },
  { family: 6, host: 'fe80::1%eth0', interfaceName: 'eth0', metric: 1024 },
];
const INTERFACES = {
  lo: [four('127.0.0.1/8', true)],
  eth0: [
    four('192.168.7.7/24'),
    four('192.168.1.2/24'),
    six('fe80::2/64'),
    six('2001:db8:1::2/64'),
    six('2001:db8:1::99/64'),
  ],
  wlan0: [four('10.0.0.2/8')],
};

function four(cidr: string, internal = false): NetworkInterfaceInfo {
  const [address = '', bits = ''] = cidr.split('/');
  const netmask = { 8: '255.0.0.0', 24: '255.255.255.0' }[bits] ?? '';
  return { address, netmask, family: 'IPv4', mac: '', internal, cidr };
}

function six(cidr: string): NetworkInterfaceInfo {
  return { address: cidr.split('/')[0]!, netmask: '', family: 'IPv6', mac: '', internal: false, cidr, scopeid: 0 };
}

async function found(
  listens: (address: string, family: 4 | 6) => boolean,
  routes: readonly DefaultRoute[] | 'unreadable' = ROUTES,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = INTERFACES,
): Promise<string[]> {
  const network = {
    routes: async () => (routes === 'unreadable' ? undefined : routes),
    interfaces: () => interfaces,
    ipv6Source: async () => '2001:db8:1::99',
  };
  const gateways = await findGateways(listens, network);
  return gateways.map(({ local, host, guessed }) => `${local} > ${host}${guessed ? '?' : ''}`);
}

test('every interface has its gateways, the best route first', async () => {
  assert.deepEqual(await found(ALL), [
    '192.168.1.2 > 192.168.1.1',
    '10.0.0.2 > 10.0.0.1',
    '2001:db8:1::99 > fe80::1%eth0',
  ]);
  assert.equal((await found((_address, family) => family === 4)).length, 2);
});

test('who listens at one address asks for that one alone', async () => {
  assert.deepEqual(await found(at('10.0.0.2')), ['10.0.0.2 > 10.0.0.1']);
  assert.deepEqual(await found(at('2001:db8:1::2')), ['2001:db8:1::2 > fe80::1%eth0']);
  assert.deepEqual(await found(at('192.168.200.1')), []);
});

test('an address of the internet needs no translation, and one that is not needs no hole', async () => {
  const interfaces = { eth0: [four('198.51.100.2/24'), six('fd00::2/64'), six('fe80::2/64')] };
  assert.deepEqual(await found(ALL, ROUTES, interfaces), []);
});

test('a second default route of an interface is no second gateway', async () => {
  const twice = [...ROUTES, { family: 4, host: '192.168.1.254', interfaceName: 'eth0', metric: 700 } as const];
  assert.deepEqual(await found(ALL, twice), await found(ALL));
});

test('where routes cannot be read, the first address of a private network is taken for the gateway', async () => {
  assert.deepEqual(await found(ALL, 'unreadable'), ['192.168.7.7 > 192.168.7.1?', '10.0.0.2 > 10.0.0.1?']);
  assert.deepEqual(await found(ALL, 'unreadable', { eth0: [four('192.168.1.1/24')] }), [], 'that is ourselves');
});

test('a machine without network has no gateways', async () => {
  assert.deepEqual(await found(ALL, [], {}), []);
});

test('networks hold what begins as they do', () => {
  assert.ok(inNetwork('192.168.1.200', '192.168.1.2/24'));
  assert.ok(!inNetwork('192.168.2.200', '192.168.1.2/24'));
  assert.ok(inNetwork('2001:db8:1:0:ffff::1', '2001:db8:1::2/64'));
  assert.ok(!inNetwork('2001:db8:1:1::1', '2001:db8:1::2/64'));
  assert.ok(!inNetwork('192.168.1.1', '2001:db8::/0'));
  assert.ok(!inNetwork('router', '0.0.0.0/0'));
});
