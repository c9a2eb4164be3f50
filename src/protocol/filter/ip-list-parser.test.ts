import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { IP_LIST_LINE_CHARS_MAX } from '../limits.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';
import { IpListParser } from './ip-list-parser.ts';

/** Reads a list and writes down what it names; `cut` says where it is cut into pieces. */
function read(list: string | Uint8Array, cut: (length: number) => number[] = () => []) {
  const bytes = typeof list === 'string' ? new Uint8Array(Buffer.from(list)) : list;
  const found: string[] = [];
  const dotted = (address: number): string => decodeAddress(Uint8Array.from([24, 16, 8, 0], (bit) => address >>> bit))!;
  const parser = new IpListParser({
    ipv4: (first, last) => found.push(`${dotted(first)}-${dotted(last)}`),
    ipv6: (first, last) => found.push(`${decodeAddress(first)}-${decodeAddress(last)}`),
  });
  let from = 0;
  for (const to of [...cut(bytes.length), bytes.length]) {
    parser.push(bytes.subarray(from, to));
    from = to;
  }
  parser.end();
  const { ranges, malformed, firstMalformed } = parser;
  return { found, ranges, malformed, firstMalformed };
}

test('p2p text is read, whatever the names hold', () => {
  const list = [
    '# a comment',
    'Some Company:1.2.3.4-1.2.3.9',
    'Name: with: colons - and/12 more:10.0.0.0-10.255.255.255',
    'K\xf6ln AG:192.0.2.1-192.0.2.1\r',
    ':8.8.8.8-8.8.4.4',
  ].join('\n');
  assert.deepEqual(read(new Uint8Array(Buffer.from(list, 'latin1'))), {
    found: ['1.2.3.4-1.2.3.9', '10.0.0.0-10.255.255.255', '192.0.2.1-192.0.2.1'],
    ranges: 3,
    malformed: 1,
    firstMalformed: 5,
  });
});

test('ipfilter.dat is read; access levels above 127 are let through', () => {
  const list = `001.002.003.004 - 001.002.003.009 , 000 , Some, Company
010.000.000.000 - 010.255.255.255 , 127 , still blocked
020.000.000.000 - 020.255.255.255 , 128 , allowed
// a comment
030.000.000.000-030.000.000.255,100,no spaces
2001:db8:: - 2001:db8::ff , 000 , six
`;
  const { found, malformed } = read(list);
  assert.deepEqual(found, [
    '1.2.3.4-1.2.3.9',
    '10.0.0.0-10.255.255.255',
    '30.0.0.0-30.0.0.255',
    '2001:db8::-2001:db8::ff',
  ]);
  assert.equal(malformed, 0);
});

test('CIDR lists, bare ranges and single addresses are read, with remarks behind them', () => {
  const list = `\xef\xbb\xbf1.2.3.0/24
1.2.3.77/30 # host bits are of no matter
0.0.0.0/0
255.255.255.255/32; end
2001:db8::/32
2001:db8:ffff:ffff::1/33   // six
::/0
::ffff:10.0.0.0/104
192.0.2.7
2001:db8::7 # one
192.0.2.1 - 192.0.2.9 remark
`;
  assert.deepEqual(read(new Uint8Array(Buffer.from(list, 'latin1'))).found, [
    '1.2.3.0-1.2.3.255',
    '1.2.3.76-1.2.3.79',
    '0.0.0.0-255.255.255.255',
    '255.255.255.255-255.255.255.255',
    '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:db8:8000::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '10.0.0.0-10.255.255.255',
    '192.0.2.7-192.0.2.7',
    '2001:db8::7-2001:db8::7',
    '192.0.2.1-192.0.2.9',
  ]);
});

test('what means nothing is counted, line by line', () => {
  const lines = [
    ...['1.2.3.9-1.2.3.4', '1.2.3/24', '1.2.3.4/33', '2001:db8::/129', '2001:db8::2-2001:db8::1', '1.2.3.256'],
    ...[
      '1.2.3.4-2001:db8::1',
      'words',
      '<html>',
      'x:1.2.3.4-',
      `${'1'.repeat(IP_LIST_LINE_CHARS_MAX)}:1.2.3.4-1.2.3.5`,
    ],
  ];
  const { found, malformed, firstMalformed } = read(['', '  ', ...lines, '9.9.9.9'].join('\n'));
  assert.deepEqual(found, ['9.9.9.9-9.9.9.9']);
  assert.equal(malformed, lines.length);
  assert.equal(firstMalformed, 3);
});

test('a list means the same however it is cut', () => {
  const line = fc.oneof(
    fc.tuple(fc.ipV4(), fc.nat({ max: 33 })).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(fc.ipV6(), fc.nat({ max: 129 })).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(fc.string(), fc.ipV4(), fc.ipV4()).map(([name, first, last]) => `${name}:${first}-${last}`),
    fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat({ max: 300 })).map(([a, b, level]) => `${a} - ${b} , ${level} , x`),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (lines, cuts) => {
      const list = lines.join('\n');
      const whole = read(list);
      const atRandom = (length: number): number[] => cuts.map((cut) => Math.floor(cut * length)).sort((a, b) => a - b);
      assert.deepEqual(read(list, atRandom), whole);
      assert.deepEqual(
        read(list, (length) => Array.from({ length }, (_, at) => at)),
        whole,
      );
    }),
  );
});
