// Commands to UPnP gateways and their answers.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { toLatin1 } from '../../base/bytes.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { SOAP_VALUES_MAX } from '../limits.ts';
import { decodeSoapAnswer, encodeSoapCall, type SoapAnswer, soapAction } from './soap-message.ts';
import { readXml } from './xml-reader.ts';

const SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:1';

function read(body: string, action = 'AddPortMapping'): SoapAnswer | undefined {
  const envelope = `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>`;
  return decodeSoapAnswer(encodeUtf8(`${envelope}${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`), action);
}

test('a command has its values in their order', () => {
  const call = {
    action: 'DeletePortMapping',
    values: [
      ['A', 'x<y'],
      ['B', 7],
    ],
  } as const;
  assert.equal(soapAction(SERVICE, call), `"${SERVICE}#DeletePortMapping"`);
  const text = toLatin1(encodeSoapCall(SERVICE, call));
  assert.match(text, /<u:DeletePortMapping xmlns:u="[^"]+:1"><A>x&#60;y<\/A><B>7<\/B><\/u:DeletePortMapping>/);
  assert.ok(readXml(text, { open: () => undefined, close: () => undefined }));
});

test('values of an answer are read', () => {
  const body =
    '<u:AddPortMappingResponse xmlns:u="x"><NewReservedPort> 50000 </NewReservedPort><B/></u:AddPortMappingResponse>';
  const values = new Map([
    ['NewReservedPort', '50000'],
    ['B', ''],
  ]);
  assert.deepEqual(read(body), { type: 'done', values });
  assert.deepEqual(read('<AddPortMappingResponse/>'), { type: 'done', values: new Map() });
});

test('a fault has its number', () => {
  const detail = (inner: string): string =>
    `<s:Fault><faultcode>s:Client</faultcode><detail><UPnPError>${inner}</UPnPError></detail></s:Fault>`;
  assert.deepEqual(
    read(detail('<errorCode>718</errorCode><errorDescription>ConflictInMappingEntry</errorDescription>')),
    {
      type: 'fault',
      code: 718,
      text: 'ConflictInMappingEntry',
    },
  );
  assert.deepEqual(read(detail('<errorCode>many</errorCode>')), { type: 'fault', code: 501, text: '' });
});

test('an answer to something else, or none, is not believed', () => {
  assert.equal(read('<u:DeletePortMappingResponse xmlns:u="x"/>'), undefined);
  assert.equal(read(''), undefined);
  assert.equal(read('<AddPortMappingResponse/><Fault/>'), undefined);
  assert.equal(decodeSoapAnswer(encodeUtf8('<AddPortMappingResponse/>'), 'AddPortMapping'), undefined);
  assert.equal(decodeSoapAnswer(encodeUtf8('OK'), 'AddPortMapping'), undefined);
});

test('what goes out comes back', () => {
  const values = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[A-Z][a-z]{0,9}$/), fc.string({ maxLength: 60 })), {
    selector: ([name]) => name,
    maxLength: SOAP_VALUES_MAX,
  });
  fc.assert(
    fc.property(values, (sent) => {
      const call = toLatin1(encodeSoapCall(SERVICE, { action: 'XResponse', values: sent }));
      const answer = decodeSoapAnswer(encodeUtf8(call), 'X');
      assert.ok(answer?.type === 'done');
      assert.deepEqual(
        [...answer.values],
        sent.map(([name, text]) => [name, text.trim()]),
      );
    }),
  );
});
