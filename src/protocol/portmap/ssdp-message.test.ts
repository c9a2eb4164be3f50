// The search for UPnP gateways.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { decodeSsdpAnswer, encodeSsdpSearch, parseHttpUrl } from './ssdp-message.ts';

const DEVICE = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';

function answer(lines: readonly string[]): Uint8Array {
  return fromLatin1(['HTTP/1.1 200 OK', 'CACHE-CONTROL: max-age=120', ...lines, '', ''].join('\r\n'));
}

test('the question looks as the UPnP Device Architecture has it', () => {
  assert.equal(
    toLatin1(encodeSsdpSearch(DEVICE, 4)),
    `M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${DEVICE}\r\n\r\n`,
  );
  assert.match(toLatin1(encodeSsdpSearch(DEVICE, 6)), /HOST: \[ff02::c\]:1900/);
});

test('a gateway’s answer tells where its description is', () => {
  assert.deepEqual(decodeSsdpAnswer(answer([`ST: ${DEVICE}`, 'LOCATION: http://192.168.1.1:5000/rootDesc.xml?a=b'])), {
    authority: '192.168.1.1:5000',
    port: 5000,
    path: '/rootDesc.xml?a=b',
  });
  const bare = answer(['Location:http://192.168.1.1', `st: ${DEVICE.replace(/1$/, '2')}`]);
  assert.deepEqual(decodeSsdpAnswer(bare), { authority: '192.168.1.1', port: 80, path: '/' });
  const six = answer([`ST: ${DEVICE}`, 'LOCATION: http://[fe80::1]:5000/d.xml']);
  assert.equal(decodeSsdpAnswer(six)?.authority, '[fe80::1]:5000');
});

for (const [name, bytes] of [
  ['of a printer', answer(['ST: urn:schemas-upnp-org:device:Printer:1', 'LOCATION: http://192.168.1.9/d.xml'])],
  ['without a place', answer([`ST: ${DEVICE}`])],
  [
    'that is an announcement',
    fromLatin1(`NOTIFY * HTTP/1.1\r\nST: ${DEVICE}\r\nLOCATION: http://192.168.1.1/\r\n\r\n`),
  ],
  ['that is too long', answer([`ST: ${DEVICE}`, 'LOCATION: http://192.168.1.1/', `X: ${'x'.repeat(1500)}`])],
] as const) {
  test(`an answer ${name} is none`, () => assert.equal(decodeSsdpAnswer(bytes), undefined));
}

for (const url of [
  'https://192.168.1.1/',
  'file:///etc/passwd',
  'http://router.local/d.xml',
  'http://user@192.168.1.1/',
  'http://192.168.1.1:0/',
  'http://192.168.1.1:65536/',
  'http://192.168.1.1/a b',
  'http://192.168.1.1/a\r\nX: y',
  '/d.xml',
  '',
]) {
  test(`nothing is fetched from ${JSON.stringify(url)}`, () => assert.equal(parseHttpUrl(url), undefined));
}
