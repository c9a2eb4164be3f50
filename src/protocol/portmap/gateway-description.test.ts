// What is read of a gateway's description.
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeUtf8 } from '../../base/utf8.ts';
import { GATEWAY_SERVICES_MAX, XML_BYTES_MAX } from '../limits.ts';
import { decodeGatewayDescription, type GatewayService } from './gateway-description.ts';

const IP = 'urn:schemas-upnp-org:service:WANIPConnection:1';

function service(type: string, control: string): string {
  return `<service><serviceType>${type}</serviceType><serviceId>x</serviceId><controlURL>${control}</controlURL></service>`;
}

function read(services: string, { path = '/desc/root.xml', base = '' } = {}): GatewayService[] | undefined {
  const inner = `<device><serviceList>${services}</serviceList></device>`;
  const nested = `<device><deviceList><device><deviceList>${inner}</deviceList></device></deviceList></device>`;
  const text = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">${base}${nested}</root>`;
  return decodeGatewayDescription(encodeUtf8(text), path);
}

test('services that open ports are found, however deep, and others are not told', () => {
  const firewall = 'urn:schemas-upnp-org:service:WANIPv6FirewallControl:1';
  const services = [
    service('urn:schemas-upnp-org:service:Layer3Forwarding:1', '/l3f'),
    service(IP.replace(/1$/, '2'), '/ctl/IPConn'),
    service(firewall, '/ctl/IP6FCtl'),
  ];
  assert.deepEqual(read(services.join('')), [
    { kind: 'WANIPConnection', version: 2, type: IP.replace(/1$/, '2'), controlPath: '/ctl/IPConn' },
    { kind: 'WANIPv6FirewallControl', version: 1, type: firewall, controlPath: '/ctl/IP6FCtl' },
  ]);
});

test('commands go to the gateway itself, wherever its URLs lead', () => {
  const control = (url: string, where = {}): Partial<GatewayService> | undefined => {
    const found = read(service(IP, url), where)?.[0];
    return found && { controlPath: found.controlPath, ...(found.controlPort && { controlPort: found.controlPort }) };
  };
  assert.deepEqual(control('ctl'), { controlPath: '/desc/ctl' });
  assert.deepEqual(control('/ctl?x=1'), { controlPath: '/ctl?x=1' });
  assert.deepEqual(control('http://10.9.9.9:81/ctl'), { controlPath: '/ctl', controlPort: 81 });
  const base = '<URLBase>http://192.168.1.1:5431/base/</URLBase>';
  assert.deepEqual(control('ctl', { base }), { controlPath: '/base/ctl', controlPort: 5431 });
  for (const url of ['//10.9.9.9/ctl', 'https://192.168.1.1/ctl', 'file:///ctl', 'gopher:x', 'a b', '']) {
    assert.equal(control(url), undefined, url);
  }
});

test('what is no description is told from one without such services', () => {
  assert.deepEqual(read(''), []);
  assert.equal(decodeGatewayDescription(encodeUtf8('<html><body/></html>'), '/'), undefined);
  assert.equal(decodeGatewayDescription(encodeUtf8('<root>'), '/'), undefined);
  assert.equal(decodeGatewayDescription(new Uint8Array(XML_BYTES_MAX + 1).fill(0x20), '/'), undefined);
});

test('only so many services count', () => {
  assert.equal(read(service(IP, '/ctl').repeat(GATEWAY_SERVICES_MAX + 5))?.length, GATEWAY_SERVICES_MAX);
});
