// Packets to DHT messages (BEP 5). Nothing throws: a packet that is no message is ignored, a query that lacks something
// becomes a fault that can be told to its sender. What is kept of a packet is copied: packets are larger than their parts.
import { toLatin1 } from '../../base/bytes.ts';
import { decodeBencode } from '../bencode/bencode-decoder.ts';
import { BencodeError } from '../bencode/bencode-error.ts';
import { BencodeDictionary, type BencodeValue, isBencodeList } from '../bencode/bencode-value.ts';
import {
  DHT_VALUE_BYTES_MAX,
  KRPC_LIMITS,
  KRPC_NODES_MAX,
  KRPC_PEERS_MAX,
  KRPC_SAMPLES_MAX,
  KRPC_TOKEN_BYTES_MAX,
  KRPC_TRANSACTION_BYTES_MAX,
} from '../limits.ts';
import type { HostPort } from '../metainfo/host-port.ts';
import { BLOOM_FILTER_BYTES } from './bloom-filter.ts';
import { decodeEndpoint, decodeNodes } from './compact-nodes.ts';
import type { KrpcErrorMessage, KrpcFault, KrpcMessage, KrpcQuery, KrpcReply, WantedFamilies } from './krpc-message.ts';
import { NODE_ID_BYTES } from './node-id.ts';
import { type MutablePart, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './stored-item.ts';

const ERROR_TEXT_MAX = 200;
const VERSION_BYTES_MAX = 8;

/** A message, a query's fault, or `undefined` for a packet that says nothing. */
export function decodeKrpc(packet: Uint8Array): KrpcMessage | KrpcFault | undefined {
  const root = decodeRoot(packet);
  const transaction = root?.byteString('t');
  if (root === undefined || transaction === undefined) return undefined;
  if (transaction.length === 0 || transaction.length > KRPC_TRANSACTION_BYTES_MAX) return undefined;
  const version = root.byteString('v');
  const named = version !== undefined && version.length > 0 && version.length <= VERSION_BYTES_MAX;
  const envelope = { transaction: transaction.slice(), ...(named && { version: version.slice() }) };
  const kind = root.byteString('y');
  switch (kind && toLatin1(kind.subarray(0, 2))) {
    case 'q': {
      const query = readQuery(root);
      if (typeof query === 'string') return { type: 'fault', ...envelope, text: query };
      return { type: 'query', ...envelope, readOnly: root.integer('ro') === 1, ...query };
    }
    case 'r': {
      const reply = readReply(root.dictionary('r'));
      return reply && { type: 'reply', ...envelope, ...yourAddress(root), reply };
    }
    case 'e':
      return { type: 'error', ...envelope, ...yourAddress(root), ...readError(root) };
    default:
      return undefined;
  }
}

function decodeRoot(packet: Uint8Array): BencodeDictionary | undefined {
  try {
    const value = decodeBencode(packet, { limits: KRPC_LIMITS });
    return value instanceof BencodeDictionary ? value : undefined;
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}

/** Text says what is missing. */
function readQuery(root: BencodeDictionary): { readonly id: Uint8Array; readonly query: KrpcQuery } | string {
  const name = root.byteString('q');
  const given = root.dictionary('a');
  if (name === undefined || given === undefined) return 'a query needs q and a';
  const id = bytesOf(given, 'id', NODE_ID_BYTES);
  if (id === undefined) return 'id must have 20 bytes';
  const query = readArguments(toLatin1(name.subarray(0, 64)), given);
  return typeof query === 'string' ? query : { id, query };
}

function readArguments(method: string, given: BencodeDictionary): KrpcQuery | string {
  const target = bytesOf(given, 'target', NODE_ID_BYTES);
  const want = readWant(given);
  switch (method) {
    case 'ping':
      return { method };
    case 'find_node':
    case 'sample_infohashes':
      return target === undefined ? 'target must have 20 bytes' : { method, target, ...want };
    case 'get': {
      const seq = seqOf(given, 'seq');
      if (target === undefined) return 'target must have 20 bytes';
      return { method, target, ...want, ...(seq !== undefined && { seq }) };
    }
    case 'get_peers': {
      const infoHash = bytesOf(given, 'info_hash', NODE_ID_BYTES);
      if (infoHash === undefined) return 'info_hash must have 20 bytes';
      return {
        method,
        infoHash,
        ...want,
        noSeed: given.integer('noseed') === 1,
        scrape: given.integer('scrape') === 1,
      };
    }
    case 'announce_peer':
      return readAnnounce(given);
    case 'put':
      return readPut(given);
    default:
      return { method: 'unknown', name: method, ...(target && { target }) };
  }
}

function readAnnounce(given: BencodeDictionary): KrpcQuery | string {
  const infoHash = bytesOf(given, 'info_hash', NODE_ID_BYTES);
  const token = tokenOf(given);
  if (infoHash === undefined) return 'info_hash must have 20 bytes';
  if (token === undefined) return 'token is missing';
  const seed = given.integer('seed') === 1;
  if ((given.integer('implied_port') ?? 0) !== 0) return { method: 'announce_peer', infoHash, token, seed };
  const port = given.integer('port');
  if (port === undefined || port < 1 || port > 65_535) return 'port must be 1 to 65535';
  return { method: 'announce_peer', infoHash, token, port, seed };
}

/** What is too long is passed on as it is: the store answers it with the code that BEP 44 asks for. */
function readPut(given: BencodeDictionary): KrpcQuery | string {
  const token = tokenOf(given);
  const value = given.raw('v')?.slice();
  if (token === undefined) return 'token is missing';
  if (value === undefined) return 'v is missing';
  if (!given.has('k')) return { method: 'put', token, value };
  const key = bytesOf(given, 'k', PUBLIC_KEY_BYTES);
  const signature = bytesOf(given, 'sig', SIGNATURE_BYTES);
  const seq = seqOf(given, 'seq');
  if (key === undefined || signature === undefined) return 'k must have 32 and sig 64 bytes';
  if (seq === undefined) return 'seq must be from 0 to 2^63-1';
  const salt = given.byteString('salt')?.slice() ?? new Uint8Array(0);
  const mutable: MutablePart = { key, signature, seq, salt };
  const cas = seqOf(given, 'cas');
  return { method: 'put', token, value, mutable, ...(cas !== undefined && { cas }) };
}

function readReply(given: BencodeDictionary | undefined): KrpcReply | undefined {
  const id = given && bytesOf(given, 'id', NODE_ID_BYTES);
  if (given === undefined || id === undefined) return undefined;
  const nodes = given.byteString('nodes');
  const nodes6 = given.byteString('nodes6');
  const values = given.list('values');
  const token = tokenOf(given);
  const seedFilter = bytesOf(given, 'BFsd', BLOOM_FILTER_BYTES);
  const peerFilter = bytesOf(given, 'BFpe', BLOOM_FILTER_BYTES);
  return {
    id,
    ...(nodes && { nodes: decodeNodes(nodes, 4, KRPC_NODES_MAX) }),
    ...(nodes6 && { nodes6: decodeNodes(nodes6, 6, KRPC_NODES_MAX) }),
    ...(values && { peers: readPeers(values) }),
    ...(token && { token }),
    ...(seedFilter && { seedFilter }),
    ...(peerFilter && { peerFilter }),
    ...readItem(given),
    ...readSamples(given),
  };
}

/** IPv4 and IPv6 may stand in one list (BEP 32). */
function readPeers(values: readonly BencodeValue[]): HostPort[] {
  const peers: HostPort[] = [];
  for (const value of values) {
    const peer = value instanceof Uint8Array ? decodeEndpoint(value) : undefined;
    if (peer !== undefined && peers.length < KRPC_PEERS_MAX) peers.push(peer);
  }
  return peers;
}

function readItem(given: BencodeDictionary): Pick<KrpcReply, 'value' | 'key' | 'signature' | 'seq'> {
  const value = given.raw('v');
  const key = bytesOf(given, 'k', PUBLIC_KEY_BYTES);
  const signature = bytesOf(given, 'sig', SIGNATURE_BYTES);
  const seq = seqOf(given, 'seq');
  return {
    ...(value !== undefined && value.length <= DHT_VALUE_BYTES_MAX && { value: value.slice() }),
    ...(key && { key }),
    ...(signature && { signature }),
    ...(seq !== undefined && { seq }),
  };
}

function readSamples(given: BencodeDictionary): Pick<KrpcReply, 'samples' | 'samplesTotal' | 'intervalSeconds'> {
  const bytes = given.byteString('samples');
  if (bytes === undefined) return {};
  const samples: Uint8Array[] = [];
  for (let at = 0; at + NODE_ID_BYTES <= bytes.length && samples.length < KRPC_SAMPLES_MAX; at += NODE_ID_BYTES) {
    samples.push(bytes.slice(at, at + NODE_ID_BYTES));
  }
  const samplesTotal = given.integer('num');
  const intervalSeconds = given.integer('interval');
  return {
    samples,
    ...(samplesTotal !== undefined && samplesTotal >= 0 && { samplesTotal }),
    ...(intervalSeconds !== undefined && intervalSeconds >= 0 && { intervalSeconds }),
  };
}

function readError(root: BencodeDictionary): Pick<KrpcErrorMessage, 'code' | 'text'> {
  const [code, text] = root.list('e') ?? [];
  return {
    code: typeof code === 'number' ? code : 0,
    text: text instanceof Uint8Array ? toLatin1(text.subarray(0, ERROR_TEXT_MAX)) : '',
  };
}

/** Some nodes leave the port out: what they say of the address is not taken then. */
function yourAddress(root: BencodeDictionary): { readonly yourAddress?: HostPort } {
  const ip = root.byteString('ip');
  const address = ip && decodeEndpoint(ip);
  return address === undefined ? {} : { yourAddress: address };
}

function readWant(given: BencodeDictionary): { readonly want?: WantedFamilies } {
  const list = given.get('want');
  if (!isBencodeList(list)) return {};
  const names = list.map((item) => (item instanceof Uint8Array ? toLatin1(item.subarray(0, 4)) : ''));
  const want = { n4: names.includes('n4'), n6: names.includes('n6') };
  return want.n4 || want.n6 ? { want } : {};
}

function bytesOf(given: BencodeDictionary, key: string, length: number): Uint8Array | undefined {
  const bytes = given.byteString(key);
  return bytes?.length === length ? bytes.slice() : undefined;
}

function tokenOf(given: BencodeDictionary): Uint8Array | undefined {
  const token = given.byteString('token');
  return token !== undefined && token.length > 0 && token.length <= KRPC_TOKEN_BYTES_MAX ? token.slice() : undefined;
}

const SEQ_MAX = 2n ** 63n - 1n;

function seqOf(given: BencodeDictionary, key: string): number | bigint | undefined {
  const value = given.get(key);
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return value >= 0 && value <= SEQ_MAX ? value : undefined;
}
