// DHT messages to packets (BEP 5).

import { concatBytes, fromLatin1 } from '../../base/bytes.ts';
import { type BencodeInput, EncodedValue, encodeBencode } from '../bencode/bencode-encoder.ts';
import type { HostPort } from '../metainfo/host-port.ts';
import { encodeEndpoint, encodeNodes } from './compact-nodes.ts';
import type { KrpcMessage, KrpcQuery, KrpcReply, WantedFamilies } from './krpc-message.ts';

type Fields = { readonly [key: string]: BencodeInput | undefined };

/** The packet of a message. */
export function encodeKrpc(message: KrpcMessage): Uint8Array {
  const common = { t: message.transaction, v: message.version };
  switch (message.type) {
    case 'query': {
      const { query, id } = message;
      const method = fromLatin1(query.method === 'unknown' ? query.name : query.method);
      const readOnly = message.readOnly ? 1 : undefined;
      return encodeBencode({ ...common, y: 'q', q: method, a: { id, ...argumentsOf(query) }, ro: readOnly });
    }
    case 'reply':
      return encodeBencode({ ...common, y: 'r', ip: endpoint(message.yourAddress), r: replyFields(message.reply) });
    case 'error':
      return encodeBencode({
        ...common,
        y: 'e',
        ip: endpoint(message.yourAddress),
        e: [message.code, fromLatin1(message.text)],
      });
  }
}

function argumentsOf(query: KrpcQuery): Fields {
  switch (query.method) {
    case 'ping':
      return {};
    case 'find_node':
    case 'sample_infohashes':
      return { target: query.target, want: wantList(query.want) };
    case 'get_peers': {
      const { infoHash, noSeed, scrape, want } = query;
      return { info_hash: infoHash, noseed: flag(noSeed), scrape: flag(scrape), want: wantList(want) };
    }
    case 'announce_peer': {
      const { infoHash, token, port, seed } = query;
      // Nodes that do not know `implied_port` insist on a port all the same.
      return {
        info_hash: infoHash,
        token,
        port: port ?? 1,
        implied_port: port === undefined ? 1 : 0,
        seed: flag(seed),
      };
    }
    case 'get':
      return { target: query.target, want: wantList(query.want), seq: query.seq };
    case 'put': {
      const { token, value, mutable, cas } = query;
      const salt = mutable !== undefined && mutable.salt.length > 0 ? mutable.salt : undefined;
      const signed = mutable && { k: mutable.key, seq: mutable.seq, sig: mutable.signature, salt, cas };
      return { token, v: new EncodedValue(value), ...signed };
    }
    case 'unknown':
      return { target: query.target };
  }
}

function replyFields(reply: KrpcReply): Fields {
  return {
    id: reply.id,
    nodes: reply.nodes && encodeNodes(reply.nodes, 4),
    nodes6: reply.nodes6 && encodeNodes(reply.nodes6, 6),
    values: reply.peers?.flatMap((peer) => endpoint(peer) ?? []),
    token: reply.token,
    BFsd: reply.seedFilter,
    BFpe: reply.peerFilter,
    v: reply.value && new EncodedValue(reply.value),
    k: reply.key,
    sig: reply.signature,
    seq: reply.seq,
    samples: reply.samples && concatBytes(reply.samples),
    num: reply.samplesTotal,
    interval: reply.intervalSeconds,
  };
}

function wantList(want: WantedFamilies | undefined): BencodeInput | undefined {
  return want && [...(want.n4 ? ['n4'] : []), ...(want.n6 ? ['n6'] : [])];
}

function flag(set: boolean): 1 | undefined {
  return set ? 1 : undefined;
}

function endpoint(address: HostPort | undefined): Uint8Array | undefined {
  return address && encodeEndpoint(address);
}
