// Looking for a UPnP gateway (UPnP Device Architecture, 1.3): the question that is sent to the own network, in words that
// look like HTTP, and what of an answer counts: where the description is.
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { SSDP_MESSAGE_BYTES_MAX } from '../limits.ts';

/** Where the question goes: a group of each address family, and the port. */
export const SSDP_GROUPS: Readonly<Record<4 | 6, string>> = { 4: '239.255.255.250', 6: 'ff02::c' };
export const SSDP_PORT = 1900;

/** What gateways call themselves; those of version 2 answer to version 1, too, but not all of them do. */
export const GATEWAY_DEVICES: readonly string[] = [
  'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'urn:schemas-upnp-org:device:InternetGatewayDevice:2',
];

/** Where a device that answered keeps its description. */
export interface SsdpLocation {
  /** As it is written in the URL, for the Host header. Nobody but the sender of the answer is to be connected to. */
  readonly authority: string;
  readonly port: number;
  /** With its query; begins with `/`. */
  readonly path: string;
}

/** The question for devices of one kind, to be answered within a second. */
export function encodeSsdpSearch(device: string, family: 4 | 6): Uint8Array {
  const host = family === 4 ? SSDP_GROUPS[4] : `[${SSDP_GROUPS[6]}]`;
  const lines = ['M-SEARCH * HTTP/1.1', `HOST: ${host}:${SSDP_PORT}`, 'MAN: "ssdp:discover"', 'MX: 1', `ST: ${device}`];
  return fromLatin1(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Reads an answer. `undefined` when it is none, not of a gateway, or its description is not fetched over plain HTTP. */
export function decodeSsdpAnswer(bytes: Uint8Array): SsdpLocation | undefined {
  if (bytes.length > SSDP_MESSAGE_BYTES_MAX) return undefined;
  const [first = '', ...lines] = toLatin1(bytes).split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(first)) return undefined;
  let location: SsdpLocation | undefined;
  let isGateway = false;
  for (const line of lines) {
    const match = /^([A-Za-z-]+):[ \t]*(\S*)[ \t]*$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === 'location') location = parseHttpUrl(match![2]!);
    else if (name === 'st') isGateway = GATEWAY_DEVICES.includes(match![2]!);
  }
  return isGateway ? location : undefined;
}

/** The parts of an absolute http URL whose host is not a name and that has no user in it. */
export function parseHttpUrl(url: string): SsdpLocation | undefined {
  const match = /^http:\/\/((?:[0-9.]+|\[[0-9A-Fa-f:.%]+\])(?::(\d{1,5}))?)(\/[!-~]*)?$/i.exec(url);
  if (match === null) return undefined;
  const port = Number(match[2] ?? 80);
  if (port < 1 || port > 0xffff) return undefined;
  return { authority: match[1]!, port, path: match[3] ?? '/' };
}
