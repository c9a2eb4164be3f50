// What answers to UPnP commands come to, for those who give them.
import type { SoapAnswer } from '../../protocol/portmap/soap-message.ts';
import type { MappingOutcome } from './mapping-client.ts';

export const SILENT: MappingOutcome = { type: 'silent', message: 'does not answer UPnP' };

/** A fault in words: its number, and what the gateway calls it. */
export function faultText({ code, text }: SoapAnswer & { readonly type: 'fault' }): string {
  return text === '' ? `${code}` : `${code} ${text}`;
}

export function isPort(number: number): boolean {
  return Number.isInteger(number) && number > 0 && number <= 0xffff;
}
