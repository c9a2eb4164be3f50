// The extended handshake (BEP 10): which extensions a peer speaks and under which message ids, and a few facts beside.
import { PeerError } from '../../base/errors.ts';
import { shownText } from '../../base/shown-text.ts';
import { decodeBencodePrefix } from '../bencode/bencode-decoder.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import { BencodeError } from '../bencode/bencode-error.ts';
import { BencodeDictionary } from '../bencode/bencode-value.ts';
import {
  CLIENT_NAME_BYTES_MAX,
  EXTENDED_HANDSHAKE_LIMITS,
  EXTENSION_NAME_BYTES_MAX,
  EXTENSIONS_MAX,
  METADATA_BYTES_MAX,
} from '../limits.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';

/** The extended id of the handshake itself. */
export const EXTENDED_HANDSHAKE_ID = 0;

/** An extended handshake; peers may leave out anything. */
export interface ExtendedHandshake {
  /**
   * `m`: the message id (1 to 255) by which the sender wants to receive each extension. 0 takes an extension back that
   * an earlier handshake of the same connection offered.
   */
  readonly extensions: ReadonlyMap<string, number>;
  /** `v`: the program and its version. */
  readonly client?: string | undefined;
  /** `reqq`: how many requests the sender keeps for us before it drops any. */
  readonly requestQueue?: number | undefined;
  /** `p`: the port where the sender accepts connections. */
  readonly port?: number | undefined;
  /** `yourip`: the receiver's address as the sender sees it. */
  readonly yourIp?: string | undefined;
  /** `ipv4` and `ipv6`: other addresses of the sender. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  /** `e`: the sender prefers encrypted connections (BEP 11 has a flag for it). */
  readonly encryption?: boolean | undefined;
  /** `metadata_size`: bytes of the info dict (BEP 9). A claim, at most METADATA_BYTES_MAX. */
  readonly metadataBytes?: number | undefined;
  /** `upload_only`: the sender wants no data, though it may not have everything (BEP 21). */
  readonly uploadOnly?: boolean | undefined;
}

/** The bencoded payload, to be sent as extended message 0. */
export function encodeExtendedHandshake(handshake: ExtendedHandshake): Uint8Array {
  return encodeBencode({
    m: new Map(handshake.extensions),
    v: handshake.client,
    reqq: handshake.requestQueue,
    p: handshake.port,
    e: flag(handshake.encryption),
    yourip: handshake.yourIp && encodeAddress(handshake.yourIp),
    ipv4: handshake.ipv4 && encodeAddress(handshake.ipv4),
    ipv6: handshake.ipv6 && encodeAddress(handshake.ipv6),
    metadata_size: handshake.metadataBytes,
    upload_only: flag(handshake.uploadOnly),
  });
}

/**
 * Reads the payload of extended message 0. Fields that make no sense count as missing: clients differ. Throws PeerError
 * ERR_WIRE_EXTENDED when it is no bencoded dictionary or beyond all limits.
 */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const fields = decodeDictionary(payload);
  const client = fields.byteString('v');
  return {
    extensions: decodeExtensions(fields.dictionary('m')),
    client: client && shownText(client, CLIENT_NAME_BYTES_MAX),
    requestQueue: within(fields.integer('reqq'), 1, Number.MAX_SAFE_INTEGER),
    port: within(fields.integer('p'), 1, 0xffff),
    yourIp: decodeAddress(fields.byteString('yourip') ?? new Uint8Array(0)),
    ipv4: addressOf(fields.byteString('ipv4'), 4),
    ipv6: addressOf(fields.byteString('ipv6'), 16),
    encryption: truth(fields.integer('e')),
    metadataBytes: within(fields.integer('metadata_size'), 1, METADATA_BYTES_MAX),
    uploadOnly: truth(fields.integer('upload_only')),
  };
}

function decodeDictionary(payload: Uint8Array): BencodeDictionary {
  try {
    const { value } = decodeBencodePrefix(payload, { limits: EXTENDED_HANDSHAKE_LIMITS });
    if (value instanceof BencodeDictionary) return value;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new PeerError('ERR_WIRE_EXTENDED', `The peer's extended handshake is broken: ${error.message}.`, {
      cause: error,
    });
  }
  throw new PeerError('ERR_WIRE_EXTENDED', "The peer's extended handshake is not a dictionary.");
}

/** Takes the first `EXTENSIONS_MAX` names that have an id of one byte; the longest names in use have 20 letters. */
function decodeExtensions(offered: BencodeDictionary | undefined): Map<string, number> {
  const extensions = new Map<string, number>();
  for (const name of offered?.keys() ?? []) {
    if (extensions.size === EXTENSIONS_MAX) break;
    const id = within(offered?.integer(name), 0, 255);
    if (id !== undefined && name.length <= EXTENSION_NAME_BYTES_MAX) extensions.set(name, id);
  }
  return extensions;
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function addressOf(bytes: Uint8Array | undefined, length: number): string | undefined {
  return bytes?.length === length ? decodeAddress(bytes) : undefined;
}

function truth(value: number | undefined): boolean | undefined {
  return value === undefined ? undefined : value !== 0;
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
