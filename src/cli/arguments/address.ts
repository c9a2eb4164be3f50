// Addresses as people write them: HOST:PORT, [::1]:6881; for listening also :6881 and 6881.
import { InputError } from '../../base/errors.ts';
import type { PeerAddress } from '../library.ts';

const BRACKETED = /^\[([0-9a-f:.]+(?:%[\w.-]+)?)\]:(\d{1,5})$/i;
const NAMED = /^([^\s:[\]/@]+):(\d{1,5})$/;
const PORT_ONLY = /^:?(\d{1,5})$/;
const PORT_MAX = 65_535;

/**
 * Reads the address of a peer.
 * @throws InputError ERR_CLI_ADDRESS
 */
export function parsePeer(text: string): PeerAddress {
  const address = hostAndPort(text.trim());
  if (!address) throw refusal(text, 'write HOST:PORT, or [ADDRESS]:PORT for IPv6');
  if (address.port === 0) throw refusal(text, 'nobody can be reached at port 0');
  return address;
}

/**
 * Reads where to listen; without a host, on every IPv4 address. Port 0 picks a free port.
 * @throws InputError ERR_CLI_ADDRESS
 */
export function parseListen(text: string): { readonly host?: string; readonly port: number } {
  const trimmed = text.trim();
  const alone = PORT_ONLY.exec(trimmed);
  if (alone && Number(alone[1]) <= PORT_MAX) return { port: Number(alone[1]) };
  const address = hostAndPort(trimmed);
  if (!address) throw refusal(text, 'write PORT, HOST:PORT, or [ADDRESS]:PORT for IPv6');
  return address;
}

/** Writes an address so that `parsePeer` reads it back. */
export function formatAddress(address: PeerAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function hostAndPort(text: string): PeerAddress | undefined {
  const match = BRACKETED.exec(text) ?? NAMED.exec(text);
  if (!match) return undefined;
  const port = Number(match[2]);
  return port <= PORT_MAX ? { host: match[1]!, port } : undefined;
}

function refusal(text: string, hint: string): InputError {
  return new InputError('ERR_CLI_ADDRESS', `"${text}" is not an address: ${hint}`);
}
