import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPeerAddress, clientSettings } from './client-options.ts';
import type { ClientOptions } from './types.ts';

const REFUSED: [ClientOptions, string, RegExp][] = [
  [{ memoryBytes: 1024 * 1024 }, 'ERR_CLIENT_MEMORY', /at least 4 MiB/],
  [{ memoryBytes: Number.NaN }, 'ERR_CLIENT_MEMORY', /at least 4 MiB/],
  [
    { downloadBytesPerSecond: -1 },
    'ERR_CLIENT_OPTION',
    /^downloadBytesPerSecond must be 0 \(no limit\) or more, not -1/,
  ],
  [{ uploadBytesPerSecond: Number.POSITIVE_INFINITY }, 'ERR_CLIENT_OPTION', /^uploadBytesPerSecond/],
  [{ diskWorkers: 0 }, 'ERR_CLIENT_OPTION', /^diskWorkers must be a whole number from 1, not 0/],
  [{ encryption: 'on' as 'off' }, 'ERR_CLIENT_OPTION', /^encryption must be one of allow, prefer, require, off/],
  [{ netThreads: -1 }, 'ERR_CLIENT_OPTION', /^netThreads must be 'auto' or a whole number from 0 to 64, not -1/],
  [{ netThreads: 65 }, 'ERR_CLIENT_OPTION', /^netThreads/],
  [{ peersMax: 1.5 }, 'ERR_CLIENT_OPTION', /^peersMax/],
  [{ listen: { port: 65_536 } }, 'ERR_CLIENT_OPTION', /^listen\.port .* not 65536/],
];

for (const [options, code, message] of REFUSED) {
  test(`${JSON.stringify(options)} is refused with ${code}`, () => {
    assert.throws(() => clientSettings(options), { name: 'InputError', code, message });
  });
}

// The tests' own switch is tested here.
delete process.env['MILLRACE_NO_NAT'];

test('nothing said means: any free IPv4 port, 128 MiB, no limits, 200 peers', () => {
  const { diskWorkers, ...settings } = clientSettings({});
  assert.ok(diskWorkers >= 1 && diskWorkers <= 4);
  assert.deepEqual(settings, {
    listen: { host: '0.0.0.0', port: 0, ipv6Too: true },
    memoryBytes: 128 * 1024 * 1024,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    netThreads: 'auto',
    peersMax: 200,
    dht: { addresses: [], local: false, nodes: undefined, readOnly: false },
    portMapping: { host: '0.0.0.0', bothFamilies: true },
    lsd: true,
    pex: true,
    allowLocal: false,
    egress: {},
    utp: 'on',
    scheduling: 'immediate',
    hashing: 'auto',
    encryption: 'allow',
    ipFilter: undefined,
    profile: false,
  });
  assert.equal(clientSettings({ listen: false }).listen, false);
});

test('ports are mapped for what listens, and for nothing that this machine alone can reach', () => {
  const mapped = (options: ClientOptions): unknown => clientSettings(options).portMapping;
  assert.deepEqual(mapped({ listen: { host: '192.168.1.7', port: 1 } }), { host: '192.168.1.7', bothFamilies: false });
  assert.equal(mapped({ portMapping: false }), false);
  process.env['MILLRACE_NO_NAT'] = '1';
  assert.equal(mapped({}), false, 'the environment says so');
  delete process.env['MILLRACE_NO_NAT'];
  assert.equal(mapped({ listen: false }), false);
  assert.equal(mapped({ listen: { port: 1 }, proxy: 'socks5://proxy.example' }), false);
  assert.equal(mapped({ bind: '127.0.0.1' }), false);
  assert.ok(mapped({ bind: 'eth0' }));
  for (const host of ['127.0.0.1', '127.3.3.3', '::1'])
    assert.equal(mapped({ listen: { host, port: 1 } }), false, host);
});

test('a proxy leaves no way round it open: what cannot go through it is off, whatever else was said', () => {
  const all = { listen: { port: 1 }, lsd: true, dht: { readOnly: false }, utp: 'prefer' } as const;
  const { listen, lsd, dht, utp, portMapping } = clientSettings({ ...all, proxy: 'socks5://proxy.example' });
  assert.deepEqual([lsd, utp, portMapping], [false, 'prefer', false]);
  assert.ok(listen !== false, 'listening was asked for');
  assert.ok(dht !== false && dht.readOnly, 'we answer nobody');
  const http = clientSettings({ ...all, proxy: 'http://proxy.example' });
  assert.deepEqual([http.lsd, http.dht, http.utp], [false, false, 'off']);
  assert.equal(clientSettings({ proxy: 'http://proxy.example' }).listen, false);
  const addresses = { dht: { addresses: ['192.0.2.1'] } };
  for (const way of [{ proxy: 'socks5://proxy.example', listen: false as const }, { bind: '192.0.2.1' }]) {
    assert.throws(() => clientSettings({ ...addresses, ...way }), { code: 'ERR_CLIENT_OPTION' });
  }
  assert.throws(() => clientSettings({ bind: 'tun0', listen: { host: '0.0.0.0', port: 1 } }), {
    code: 'ERR_CLIENT_OPTION',
  });
});

test('a peer has a host and a port that can be dialled', () => {
  for (const host of ['10.0.0.7', '::1', 'fe80::1%eth0', 'peer.example', '0.0.0.0']) {
    assert.deepEqual(checkPeerAddress({ host, port: 6881 }), { host, port: 6881 });
  }
  for (const [host, port] of [
    ['10.0.0.7', 0],
    ['10.0.0.7', Number.NaN],
    ['10.0.0.7', 70_000],
    ['', 6881],
    ['a b', 6881],
  ] as const) {
    assert.throws(() => checkPeerAddress({ host, port }), { code: 'ERR_CLIENT_ADDRESS' });
  }
});

test('what is no address at all is named as it was given', () => {
  for (const given of ['10.0.0.7:6881', 7, null, undefined]) {
    const message = new RegExp(`^${given} is not the address of a peer: it needs { host, port }`);
    assert.throws(() => checkPeerAddress(given as never), { code: 'ERR_CLIENT_ADDRESS', message });
  }
});
