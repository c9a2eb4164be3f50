// What Linux tells of its routes.
import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import test from 'node:test';
import { parseIpv6Routes, parseRoutes } from './default-routes.ts';

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

/** Addresses stand there in the machine's own order of bytes. */
function word(hex: string): string {
  return endianness() === 'LE' ? (hex.match(/../g) ?? []).reverse().join('') : hex;
}

test('default routes of IPv4 are read', () => {
  const line = (name: string, target: string, gateway: string, flags: string, metric: number, mask: string): string =>
    [name, word(target), word(gateway), flags, 0, 0, metric, word(mask), 0, 0, 0].join('\t');
  const text = [
    HEADER,
    line('eth0', '00000000', 'C0A80101', '0003', 100, '00000000'),
    line('wlan0', '00000000', '0A000001', '0003', 600, '00000000'),
    line('eth0', 'C0A80100', '00000000', '0001', 100, 'FFFFFF00'),
    line('tun0', '00000000', '0A080001', '0003', 0, '80000000'),
    line('ppp0', '00000000', '00000000', '0001', 0, '00000000'),
    line('down0', '00000000', 'C0A80201', '0002', 0, '00000000'),
    'broken',
    '',
  ].join('\n');
  assert.deepEqual(parseRoutes(text), [
    { family: 4, host: '192.168.1.1', interfaceName: 'eth0', metric: 100 },
    { family: 4, host: '10.0.0.1', interfaceName: 'wlan0', metric: 600 },
  ]);
});

test('default routes of IPv6 are read, with the zone of an address that needs one', () => {
  const zeros = '0'.repeat(32);
  const line = (bits: string, gateway: string, flags: string, name: string): string =>
    `${zeros} ${bits} ${zeros} 00 ${gateway} 00000400 00000001 00000000 ${flags} ${name.padStart(8)}`;
  const text = [
    line('00', 'fe800000000000000000000000000001', '00450003', 'eth0'),
    line('00', '20010db8000000000000000000000001', '00000003', 'eth1'),
    line('03', '20010db8000000000000000000000002', '00000003', 'tun0'),
    line('00', zeros, '00200200', 'lo'),
    'broken',
    '',
  ].join('\n');
  assert.deepEqual(parseIpv6Routes(text), [
    { family: 6, host: 'fe80::1%eth0', interfaceName: 'eth0', metric: 1024 },
    { family: 6, host: '2001:db8::1', interfaceName: 'eth1', metric: 1024 },
  ]);
});
