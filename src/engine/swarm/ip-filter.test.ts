import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import { decodeAddress } from '../../protocol/tracker/compact-peers.ts';
import { IpFilterBuilder } from './ip-filter-builder.ts';
import { IP_RANGES_MAX } from './limits.ts';

const MAPPED = 0xffff_0000_0000n;

function bytesOf(address: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, at) => Number((address >> BigInt(8 * (15 - at))) & 255n));
}

function dotted(address: number): string {
  return decodeAddress(Uint8Array.from([24, 16, 8, 0], (bit) => address >>> bit))!;
}

const ends = <T extends number | bigint>(a: T, b: T): readonly [T, T] => (a <= b ? [a, b] : [b, a]);
// Few distinct values near each other, near the borders and near the mapped addresses: ranges touch and overlap.
const ipv4 = fc.oneof(
  fc.nat({ max: 40 }),
  fc.integer({ min: 2 ** 32 - 20, max: 2 ** 32 - 1 }),
  fc.integer({ min: 2 ** 31 - 9, max: 2 ** 31 + 9 }),
);
const ipv6 = fc
  .tuple(fc.constantFrom(0n, MAPPED, MAPPED + 2n ** 32n - 9n, 2n ** 64n - 9n, 2n ** 128n - 20n), fc.nat({ max: 19 }))
  .map(([base, offset]) => base + BigInt(offset));

test('a filter blocks what lies in any of its ranges, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(ipv4, ipv4).map(([a, b]) => ends(a, b)),
        { maxLength: 30 },
      ),
      fc.array(
        fc.tuple(ipv6, ipv6).map(([a, b]) => ends(a, b)),
        { maxLength: 30 },
      ),
      fc.array(ipv4),
      fc.array(ipv6),
      (ranges4, ranges6, asked4, asked6) => {
        const builder = new IpFilterBuilder();
        for (const [first, last] of ranges4) builder.ipv4(first, last);
        for (const [first, last] of ranges6) builder.ipv6(bytesOf(first), bytesOf(last));
        const filter = builder.build();
        const isMapped = (address: bigint): boolean => address >> 32n === MAPPED >> 32n;
        const whole6 = ranges6.filter(([first, last]) => !(isMapped(first) && isMapped(last)));
        const inside4 = (address: number): boolean =>
          ranges4.some(([first, last]) => first <= address && address <= last) ||
          ranges6.some(
            ([first, last]) =>
              isMapped(first) &&
              isMapped(last) &&
              first <= MAPPED + BigInt(address) &&
              MAPPED + BigInt(address) <= last,
          );
        for (const address of [...ranges4.flat(), ...asked4]) {
          assert.equal(filter.blocks(dotted(address)), inside4(address), dotted(address));
          assert.equal(filter.blocks(`::ffff:${dotted(address)}`), inside4(address), `mapped ${dotted(address)}`);
        }
        for (const address of [...ranges6.flat(), ...asked6]) {
          const expected = isMapped(address)
            ? inside4(Number(address - MAPPED))
            : whole6.some(([first, last]) => first <= address && address <= last);
          assert.equal(filter.blocks(decodeAddress(bytesOf(address))!), expected, `${address.toString(16)}`);
        }
        assert.ok(filter.size <= ranges4.length + ranges6.length);
      },
    ),
  );
});

test('IPv4 in IPv6 clothes is IPv4, in every notation; a zone is no part of an address', () => {
  const builder = new IpFilterBuilder();
  builder.ipv4(0x01020304, 0x01020304);
  builder.ipv6(encodeAddress('fe80::1')!, encodeAddress('fe80::1')!);
  const filter = builder.build();
  for (const host of ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:0102:0304', 'fe80::1%eth0']) {
    assert.ok(filter.blocks(host), host);
  }
  for (const host of ['1.2.3.5', '::ffff:1.2.3.5', '::102:304', 'example.org', '', ':', '1.2.3.4.5']) {
    assert.ok(!filter.blocks(host), host);
  }
});

test('ranges that touch become one, whatever order they come in', () => {
  const builder = new IpFilterBuilder();
  for (const first of [30, 10, 20, 0]) builder.ipv4(first, first + 9);
  builder.ipv4(0xffff_ffff, 0xffff_ffff);
  builder.ipv4(0, 0xffff_fffe);
  assert.equal(builder.build().size, 1);
});

test('a list without end is cut, and what is beyond is counted', () => {
  const builder = new IpFilterBuilder();
  for (let index = 0; index < IP_RANGES_MAX + 5; index++) builder.ipv4(index * 2, index * 2);
  assert.equal(builder.excess, 5);
  const filter = builder.build();
  assert.equal(filter.size, IP_RANGES_MAX);
  assert.ok(filter.blocks(dotted((IP_RANGES_MAX - 1) * 2)));
  assert.ok(!filter.blocks(dotted(IP_RANGES_MAX * 2)));
});
