// Commands to a UPnP gateway and what it answers (UPnP Device Architecture, 3.2): an action with named values, or a fault
// with a number.
import { decodeUtf8Lossy, encodeUtf8 } from '../../base/utf8.ts';
import { SOAP_TEXT_CHARS_MAX, SOAP_VALUES_MAX, XML_BYTES_MAX } from '../limits.ts';
import { escapeXml, readXml } from './xml-reader.ts';

/** They go out in their order: some gateways count, and do not read names. */
export type SoapValues = readonly (readonly [name: string, value: string | number])[];

export interface SoapCall {
  readonly action: string;
  readonly values: SoapValues;
}

export type SoapAnswer =
  | { readonly type: 'done'; readonly values: ReadonlyMap<string, string> }
  | { readonly type: 'fault'; readonly code: number; readonly text: string };

/** The SOAPAction header of a command to a service of this type. */
export function soapAction(service: string, { action }: SoapCall): string {
  return `"${service}#${action}"`;
}

export function encodeSoapCall(service: string, { action, values }: SoapCall): Uint8Array {
  const body = values.map(([name, value]) => `<${name}>${escapeXml(`${value}`)}</${name}>`).join('');
  return encodeUtf8(
    `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ` +
      `s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>` +
      `<u:${action} xmlns:u="${service}">${body}</u:${action}></s:Body></s:Envelope>\r\n`,
  );
}

/** Reads the answer to an action; `undefined` when it is none. A fault without a number counts as 501, Action Failed. */
export function decodeSoapAnswer(bytes: Uint8Array, action: string): SoapAnswer | undefined {
  if (bytes.length > XML_BYTES_MAX) return undefined;
  const values = new Map<string, string>();
  const trail: string[] = [];
  let fault = false;
  let done = false;
  let code = 501;
  let text = '';
  const whole = readXml(decodeUtf8Lossy(bytes), {
    open(name) {
      trail.push(name);
      if (!isBody(trail)) return;
      if (name === 'Fault') fault = true;
      else if (name === `${action}Response`) done = true;
    },
    close(name, said) {
      trail.pop();
      if (fault && name === 'errorCode' && /^\d{1,5}$/.test(said)) code = Number(said);
      else if (fault && name === 'errorDescription') text = said.slice(0, SOAP_TEXT_CHARS_MAX);
      else if (done && trail.length === 3 && values.size < SOAP_VALUES_MAX) {
        values.set(name, said.slice(0, SOAP_TEXT_CHARS_MAX));
      }
    },
  });
  if (!whole || fault === done) return undefined;
  return fault ? { type: 'fault', code, text } : { type: 'done', values };
}

/** Whether the innermost element is one of the body's own. */
function isBody(trail: readonly string[]): boolean {
  return trail.length === 3 && trail[0] === 'Envelope' && trail[1] === 'Body';
}
