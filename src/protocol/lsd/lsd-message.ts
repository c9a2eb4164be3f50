// The message of local service discovery (BEP 14): whoever shares a torrent says so to its own network, in words that look
// like HTTP. One message may name several torrents.
import { fromHex, fromLatin1, toHex, toLatin1 } from '../../base/bytes.ts';
import { LSD_HASHES_READ_MAX, LSD_MESSAGE_BYTES_MAX } from '../limits.ts';

/** Where messages go: a group of each address family, and the port. */
export const LSD_GROUPS: Readonly<Record<4 | 6, string>> = { 4: '239.192.152.143', 6: 'ff15::efc0:988f' };
export const LSD_PORT = 6771;

export interface LsdMessage {
  /** Where the sender accepts peers. */
  readonly port: number;
  /** 20 bytes each; at least one. */
  readonly infoHashes: readonly Uint8Array[];
  /** By this a sender knows its own messages. Letters and digits. */
  readonly cookie: string | undefined;
}

/** A message to the group of this address family. */
export function encodeLsd({ port, infoHashes, cookie }: LsdMessage, family: 4 | 6): Uint8Array {
  const host = family === 4 ? LSD_GROUPS[4] : `[${LSD_GROUPS[6]}]`;
  const lines = [
    'BT-SEARCH * HTTP/1.1',
    `Host: ${host}:${LSD_PORT}`,
    `Port: ${port}`,
    ...infoHashes.map((infoHash) => `Infohash: ${toHex(infoHash).toUpperCase()}`),
    ...(cookie === undefined ? [] : [`cookie: ${cookie}`]),
  ];
  return fromLatin1(`${lines.join('\r\n')}\r\n\r\n\r\n`);
}

/** Reads a message. `undefined` when it is none, or names nothing: whoever sent it, it is not for us. */
export function decodeLsd(bytes: Uint8Array): LsdMessage | undefined {
  if (bytes.length > LSD_MESSAGE_BYTES_MAX) return undefined;
  const [first, ...lines] = toLatin1(bytes).split(/\r?\n/);
  if (first !== 'BT-SEARCH * HTTP/1.1') return undefined;
  let port = 0;
  let cookie: string | undefined;
  const infoHashes: Uint8Array[] = [];
  for (const line of lines) {
    const match = /^([A-Za-z-]+):[ \t]*(\S*)[ \t]*$/.exec(line);
    const value = match?.[2] ?? '';
    switch (match?.[1]?.toLowerCase()) {
      case 'port':
        port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
        break;
      case 'infohash': {
        const infoHash = /^[0-9a-fA-F]{40}$/.test(value) ? fromHex(value.toLowerCase()) : undefined;
        if (infoHash !== undefined && infoHashes.length < LSD_HASHES_READ_MAX) infoHashes.push(infoHash);
        break;
      }
      case 'cookie':
        cookie = value;
        break;
      default:
    }
  }
  return port > 0 && port <= 0xffff && infoHashes.length > 0 ? { port, infoHashes, cookie } : undefined;
}
