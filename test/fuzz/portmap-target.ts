// What gateways say, to whoever asks them to open ports: packets (PCP, NAT-PMP), answers to a search (SSDP), descriptions
// and answers to commands (UPnP). The same input goes to all of them, for a stranger sends what he likes where he likes.
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import {
  GATEWAY_SERVICES_MAX,
  SOAP_TEXT_CHARS_MAX,
  SOAP_VALUES_MAX,
  XML_DEPTH_MAX,
  XML_ELEMENTS_MAX,
} from '#src/protocol/limits.ts';
import { decodeGatewayDescription } from '#src/protocol/portmap/gateway-description.ts';
import { decodeNatPmpResponse } from '#src/protocol/portmap/nat-pmp-packet.ts';
import { decodePcpResponse, encodePcpMap } from '#src/protocol/portmap/pcp-packet.ts';
import { decodeSoapAnswer } from '#src/protocol/portmap/soap-message.ts';
import { decodeSsdpAnswer } from '#src/protocol/portmap/ssdp-message.ts';
import { readXml } from '#src/protocol/portmap/xml-reader.ts';

/** What the formats give a meaning to. */
export const PORTMAP_TOKENS: readonly string[] = [
  ...['\x02\x81\0\0', '\x02\x80\0\0', '\0\x80\0\0', '\0\x82\0\0', '\0\x81\0\x03', '\x06\0\0\0', '\x11\0\0\0'],
  ...['\0\0\0\0\0\0\0\0\0\0\xff\xff', 'HTTP/1.1 200 OK\r\n', 'LOCATION: http://192.168.1.1:5000/', '\r\n'],
  ...[
    'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n',
    '[fe80::1]',
    'https://',
    '<!DOCTYPE a>',
    '<![CDATA[',
  ],
  ...[
    '<!--',
    '-->',
    ']]>',
    '<?',
    '?>',
    '</',
    '/>',
    '<a b="',
    '">',
    '&#x10ffff;',
    '&amp;',
    '&x;',
    '<service>',
    '</service>',
  ],
  ...['<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>', '<controlURL>/ctl</controlURL>'],
  ...[
    '<URLBase>',
    '</URLBase>',
    '<root>',
    '</root>',
    '<s:Envelope>',
    '<s:Body>',
    '<u:XResponse>',
    '<s:Fault>',
    '<errorCode>',
  ],
];

export function runPortmap(bytes: Uint8Array): void {
  // The plain type, as the host hands it over.
  const input = new Uint8Array(bytes);
  checkPackets(input);
  const location = decodeSsdpAnswer(input);
  if (location !== undefined) checkPlace(location.path, location.port);
  checkXml(Buffer.from(input).toString('latin1'));
  const services = decodeGatewayDescription(input, '/root.xml') ?? [];
  assert.ok(services.length <= GATEWAY_SERVICES_MAX);
  for (const { controlPath, controlPort = 1, type } of services) {
    checkPlace(controlPath, controlPort);
    assert.match(type, /^urn:schemas-upnp-org:service:WAN\w+:\d$/, 'a type goes into our commands');
  }
  const answer = decodeSoapAnswer(input, 'X');
  if (answer?.type === 'fault') assert.ok(Number.isInteger(answer.code) && answer.text.length <= SOAP_TEXT_CHARS_MAX);
  if (answer?.type !== 'done') return;
  assert.ok(answer.values.size <= SOAP_VALUES_MAX);
  for (const value of answer.values.values()) assert.ok(value.length <= SOAP_TEXT_CHARS_MAX);
}

function checkPackets(input: Uint8Array): void {
  const pmp = decodeNatPmpResponse(input);
  if (pmp?.type === 'address') assert.equal(isIP(pmp.host), 4);
  if (pmp?.type === 'map') assert.ok(pmp.externalPort <= 0xffff && pmp.internalPort <= 0xffff);
  const pcp = decodePcpResponse(input);
  if (pcp?.type !== 'map') return;
  assert.ok(isIP(pcp.externalHost) !== 0 && pcp.nonce.length === 12);
  // Written again as a request and answered, it says the same.
  const { transport, internalPort, externalPort, externalHost, nonce, lifetimeSeconds } = pcp;
  const client = '192.168.1.2';
  const again = encodePcpMap({ transport, internalPort, externalPort, externalHost, nonce, lifetimeSeconds, client });
  again[1]! |= 0x80;
  const read = decodePcpResponse(again);
  assert.ok(read?.type === 'map');
  const { resultCode, epochSeconds, ...rest } = read;
  assert.ok(resultCode === 0 && epochSeconds === 0);
  assert.deepEqual({ ...rest, resultCode: pcp.resultCode, epochSeconds: pcp.epochSeconds }, pcp);
}

/** Where we send a request on the gateway: nothing that could end the request's own line. */
function checkPlace(path: string, port: number): void {
  assert.match(path, /^\/[!-~]*$/);
  assert.ok(port > 0 && port <= 0xffff);
}

function checkXml(text: string): void {
  let depth = 0;
  let elements = 0;
  let letters = 0;
  const whole = readXml(text, {
    open: () => {
      elements++;
      assert.ok(++depth <= XML_DEPTH_MAX + 1 && elements <= XML_ELEMENTS_MAX);
    },
    close: (_name, said) => {
      depth--;
      letters += said.length;
    },
  });
  if (whole) assert.equal(depth, 0, 'what is opened is closed');
  assert.ok(letters <= text.length, 'nothing grows');
}
