// The decoders that read what strangers send, each with what must hold for any input: it answers, or it throws an error
// of the kind that its documentation names; and an answer keeps what the documentation promises.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { InputError, PeerError, SourceError } from '#src/base/errors.ts';
import { decodeDhtState, encodeDhtState } from '#src/engine/dht/dht-state.ts';
import { DHT_HOMES_MAX } from '#src/engine/dht/limits.ts';
import { IpFilterBuilder } from '#src/engine/swarm/ip-filter-builder.ts';
import { decodeBencode, decodeBencodePrefix } from '#src/protocol/bencode/bencode-decoder.ts';
import { encodeBencode } from '#src/protocol/bencode/bencode-encoder.ts';
import { BencodeError } from '#src/protocol/bencode/bencode-error.ts';
import type { BencodeValue } from '#src/protocol/bencode/bencode-value.ts';
import { decodeDontHave, encodeDontHave } from '#src/protocol/extension/dont-have.ts';
import { decodeExtendedHandshake } from '#src/protocol/extension/handshake.ts';
import { decodeHolepunch, encodeHolepunch } from '#src/protocol/extension/holepunch-message.ts';
import { decodeMetadataMessage, METADATA_PIECE_BYTES } from '#src/protocol/extension/metadata-message.ts';
import { decodePex, encodePex } from '#src/protocol/extension/pex-message.ts';
import { IpListParser } from '#src/protocol/filter/ip-list-parser.ts';
import { decodeResponseHead } from '#src/protocol/http/response-head.ts';
import { decodeKrpc } from '#src/protocol/krpc/krpc-decoder.ts';
import { encodeKrpc } from '#src/protocol/krpc/krpc-encoder.ts';
import {
  DHT_VALUE_BYTES_MAX,
  KRPC_NODES_MAX,
  KRPC_PEERS_MAX,
  KRPC_TRANSACTION_BYTES_MAX,
  LSD_MESSAGE_BYTES_MAX,
  PEX_ENTRIES_READ_MAX,
} from '#src/protocol/limits.ts';
import { decodeLsd, encodeLsd } from '#src/protocol/lsd/lsd-message.ts';
import { parseMagnet } from '#src/protocol/magnet/parse-magnet.ts';
import type { Metainfo } from '#src/protocol/metainfo/metainfo.ts';
import { parseMetainfo } from '#src/protocol/metainfo/parse-metainfo.ts';
import { decodeHttpAnnounceReply } from '#src/protocol/tracker/http-announce-reply.ts';
import { decodeHttpScrape } from '#src/protocol/tracker/http-scrape.ts';
import { decodeUdpReply } from '#src/protocol/tracker/udp-packets.ts';
import { decodeHandshake, HANDSHAKE_BYTES } from '#src/protocol/wire/handshake.ts';
import { decodeMessage } from '#src/protocol/wire/messages.ts';
import { traceResponses } from '#src/testing/webseed/response-rig.ts';

import { runMseScript } from './mse-script.ts';
import { PORTMAP_TOKENS, runPortmap } from './portmap-target.ts';
import { runProxyScript } from './proxy-script.ts';
import { runReceiverScript } from './receiver-script.ts';
import { runUtpDialScript, runUtpScript } from './utp-script.ts';

/** A decoder to be fuzzed. */
export interface FuzzTarget {
  readonly name: string;
  /** Latin1 text that mutations insert: what the format gives a meaning to. */
  readonly tokens: readonly string[];
  /** Throws when the decoder broke its word. */
  run(input: Uint8Array): void;
}

/** The decoder's answer, or `undefined` when it refused in the way it may. */
function answer<T>(decode: () => T, refusal: abstract new (...args: never[]) => Error): T | undefined {
  try {
    return decode();
  } catch (error) {
    assert.ok(error instanceof refusal, error instanceof Error ? error : String(error));
    assert.ok(error.message.length < 2000, 'the message of a refusal is short enough to be shown');
    return undefined;
  }
}

const BENCODE_TOKENS = [
  'd',
  'l',
  'i',
  'e',
  'de',
  'le',
  'i0e',
  'i-1e',
  '0:',
  '1:a',
  ':',
  'i9223372036854775807e',
  '99999999999:',
];

const sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest();
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const bencode: FuzzTarget = {
  name: 'bencode',
  tokens: BENCODE_TOKENS,
  run(input) {
    const lenient = answer<BencodeValue>(() => decodeBencode(input), BencodeError);
    const strict = answer<BencodeValue>(() => decodeBencode(input, { strict: true }), BencodeError);
    const prefix = answer(() => decodeBencodePrefix(input), BencodeError);
    assert.equal(prefix === undefined, lenient === undefined, 'a prefix is read when the whole is');
    if (strict !== undefined) {
      assert.ok(lenient !== undefined, 'strict accepts nothing that lenient refuses');
      assert.deepEqual(Buffer.from(encodeBencode(strict)), Buffer.from(input), 'canonical input survives a round trip');
    }
    if (lenient !== undefined && prefix !== undefined) {
      assert.ok(prefix.end <= input.length, 'a value ends inside of its input');
      const canonical = encodeBencode(lenient);
      const again = decodeBencode(canonical, { strict: true });
      assert.deepEqual(Buffer.from(encodeBencode(again)), Buffer.from(canonical), 'what we encode is canonical');
    }
  },
};

function checkMetainfo(torrent: Metainfo): void {
  let offset = 0;
  const paths = new Set<string>();
  for (const file of torrent.files) {
    assert.equal(file.offset, offset, 'files follow each other');
    assert.ok(Number.isSafeInteger(file.length) && file.length >= 0, 'a file has a length');
    offset += file.length;
    if (file.pad) continue;
    const parts = file.path.split('/');
    for (const part of parts) assert.ok(part !== '' && part !== '.' && part !== '..', `unsafe path ${file.path}`);
    assert.ok(![...file.path].some((letter) => letter < ' ' || letter === '\\'), `unsafe path ${file.path}`);
    assert.ok(!paths.has(file.path), `two files at ${file.path}`);
    paths.add(file.path);
  }
  assert.equal(offset, torrent.totalBytes, 'the files make up the torrent');
  assert.equal(torrent.pieceCount, Math.ceil(torrent.totalBytes / torrent.pieceBytes), 'pieces cover the torrent');
  assert.equal(torrent.pieceHashes.length, torrent.pieceCount * 20, 'each piece has a hash');
}

const metainfo: FuzzTarget = {
  name: 'metainfo',
  tokens: [
    ...BENCODE_TOKENS,
    ...['4:info', '5:filesl', '4:pathl', '6:lengthi', '12:piece lengthi', '6:pieces20:', '4:name', '10:name.utf-8'],
    ...['..', '/', '\\', '\0', 'CON', '4:attr1:p', '4:attr1:l', '12:symlink path', '8:encoding', '13:announce-listl'],
  ],
  run(input) {
    const torrent = answer(() => parseMetainfo(input, { sha1, sha256 }), InputError);
    if (torrent !== undefined) checkMetainfo(torrent);
  },
};

const magnet: FuzzTarget = {
  name: 'magnet',
  tokens: [
    'magnet:?',
    'xt=urn:btih:',
    'xt=urn:btmh:1220',
    '&dn=',
    '&tr=',
    '&tr.1=',
    '&x.pe=',
    '&so=0-4',
    '&xl=',
    '%00',
    '%',
    '%zz',
    '&amp;',
    '[::1]:80',
    '+',
  ],
  run(input) {
    const link = answer(() => parseMagnet(Buffer.from(input).toString('latin1')), InputError);
    if (link === undefined) return;
    assert.match(link.infoHash, /^[0-9a-f]{40}$/);
    for (const peer of link.peers) assert.ok(peer.port > 0 && peer.port <= 0xffff, 'a peer has a port');
  },
};

const metadata: FuzzTarget = {
  name: 'metadata',
  tokens: [...BENCODE_TOKENS, '8:msg_typei0e', '8:msg_typei1e', '8:msg_typei2e', '5:piecei', '10:total_sizei'],
  run(input) {
    const message = answer(() => decodeMetadataMessage(input), PeerError);
    if (message === undefined) return;
    assert.ok(Number.isSafeInteger(message.piece) && message.piece >= 0, 'a message names a piece');
    if (message.type === 'data') assert.ok(message.bytes.length <= METADATA_PIECE_BYTES && message.totalBytes > 0);
  },
};

const pex: FuzzTarget = {
  name: 'pex',
  tokens: [
    ...BENCODE_TOKENS,
    '5:added6:',
    '7:added.f1:',
    '6:added618:',
    '8:added6.f1:',
    '7:dropped6:',
    '8:dropped618:',
  ],
  run(input) {
    const message = answer(() => decodePex(input), PeerError);
    if (message === undefined) return;
    const added = new Set(message.added.map(({ host, port }) => `${host}|${port}`));
    assert.equal(added.size, message.added.length, 'an address is added once');
    for (const { host, port } of [...message.added, ...message.dropped]) {
      assert.ok(isIP(host) !== 0 && port > 0 && port <= 0xffff, 'a peer has an address');
    }
    for (const { host, port } of message.dropped) assert.ok(!added.has(`${host}|${port}`), 'added or dropped');
    for (const list of [message.added, message.dropped]) assert.ok(list.length <= 2 * PEX_ENTRIES_READ_MAX);
    assert.deepEqual(decodePex(encodePex(message)), message, 'what was read survives a round trip');
  },
};

const donthave: FuzzTarget = {
  name: 'donthave',
  tokens: ['\0\0\0\0', '\xff\xff\xff\xff'],
  run(input) {
    const piece = answer(() => decodeDontHave(input), PeerError);
    if (piece !== undefined) assert.deepEqual(encodeDontHave(piece), Uint8Array.from(input));
  },
};

const holepunch: FuzzTarget = {
  name: 'holepunch',
  tokens: ['\0\0', '\x01\0', '\x02\0', '\0\x01', '\x7f\0\0\x01\x1a\xe1', '\0\0\0\x01'],
  run(input) {
    const message = answer(() => decodeHolepunch(input), PeerError);
    if (message === undefined) return;
    assert.ok(isIP(message.endpoint.host) !== 0 && message.endpoint.port <= 0xffff, 'an endpoint has an address');
    assert.deepEqual(decodeHolepunch(encodeHolepunch(message)), message, 'what was read survives a round trip');
  },
};

const wire: FuzzTarget = {
  name: 'wire',
  tokens: [
    '\x13BitTorrent protocol',
    '\0\0\0\0',
    '\0\0\0\x01',
    '\0\0\0\x0d\x06',
    '\xff\xff\xff\xff',
    '\x14\0',
    'd1:md',
    '11:ut_metadatai2e',
    'ee',
  ],
  run(input) {
    answer(() => decodeHandshake(input.subarray(0, HANDSHAKE_BYTES)), PeerError);
    const [id = 0] = input;
    const payload = input.subarray(1);
    const message = answer(() => decodeMessage(id, payload), PeerError);
    if (message?.type === 'extended') answer(() => decodeExtendedHandshake(message.payload), PeerError);
    const handshake = answer(() => decodeExtendedHandshake(payload), PeerError);
    for (const number of handshake?.extensions.values() ?? []) assert.ok(number >= 0 && number <= 255);
  },
};

/** The info hash that the corpus's scrapes are about. */
const FUZZED_HASH = new Uint8Array(20).fill(0x61);

const tracker: FuzzTarget = {
  name: 'tracker',
  tokens: [
    ...BENCODE_TOKENS,
    '5:peers',
    '6:peers6',
    '8:intervali',
    '14:failure reason',
    '2:ip',
    '4:porti',
    '8:retry in',
    '5:filesd20:aaaaaaaaaaaaaaaaaaaad',
    '8:completei',
    '\0\0\0\x02',
    '\0\0\0\x01',
    '\0\0\0\x03',
  ],
  run(input) {
    const reply = answer(() => decodeHttpAnnounceReply(input), SourceError);
    const scraped = answer(() => decodeHttpScrape(input, FUZZED_HASH), SourceError);
    const packets = [decodeUdpReply(input, 4), decodeUdpReply(input, 6)];
    const peers = [reply, ...packets.map((packet) => (packet?.type === 'announce' ? packet.reply : undefined))];
    for (const peer of peers.flatMap((one) => one?.peers ?? [])) {
      assert.ok(peer.host.length > 0 && peer.port > 0 && peer.port <= 0xffff, 'a peer has an address');
    }
    const udpFigures = packets.flatMap((packet) => (packet?.type === 'scrape' ? packet.figures : []));
    for (const figures of [...(scraped ? [scraped] : []), ...udpFigures]) {
      for (const figure of Object.values(figures)) assert.ok(Number.isSafeInteger(figure) && figure >= 0);
    }
    if (reply !== undefined)
      assert.ok(reply.intervalMs >= 0 && Number.isFinite(reply.intervalMs), 'an interval is a time');
  },
};

const receiver: FuzzTarget = {
  name: 'receiver',
  // Expect and send; expect twice, send, revoke the second; deliver to the borders of a block.
  tokens: ['\0\x01', '\0\0\x01\x57\x03\x01', '\x4f', '\x57', '\x5f', '\x27', '\x02\x01', '\x05\xff', '\x0c', '\x06'],
  run: runReceiverScript,
};

const ipList: FuzzTarget = {
  name: 'ip-list',
  tokens: [
    '\n',
    ':',
    '-',
    ' - ',
    ' , 000 , ',
    '/24',
    '/129',
    '::',
    '::ffff:',
    '2001:db8::',
    '0.0.0.0',
    '255.255.255.255',
    '#',
    '//',
  ],
  run(input) {
    const builder = new IpFilterBuilder();
    let ranges = 0;
    const parser = new IpListParser({
      ipv4(first, last) {
        ranges++;
        assert.ok(first >= 0 && first <= last && last < 2 ** 32 && Number.isInteger(first) && Number.isInteger(last));
        builder.ipv4(first, last);
      },
      ipv6(first, last) {
        ranges++;
        assert.ok(first.length === 16 && Buffer.compare(first, last) <= 0, 'a range runs upwards');
        builder.ipv6(first, last);
      },
    });
    parser.push(input);
    parser.end();
    assert.equal(parser.ranges, ranges, 'what is passed on is counted');
    assert.equal(parser.malformed > 0, parser.firstMalformed > 0);
    const filter = builder.build();
    assert.ok(filter.size <= ranges && (filter.size > 0 || ranges === 0), 'ranges merge, and none is lost');
  },
};

const mse: FuzzTarget = {
  name: 'mse',
  tokens: [
    '\0',
    '\x01',
    '\x02',
    '\x03',
    '\x13BitTorrent protocol',
    '\0'.repeat(96),
    '\xff'.repeat(96),
    '\x22'.repeat(96),
  ],
  run: runMseScript,
};

const utp: FuzzTarget = {
  name: 'utp',
  // Types with the version, lengths of packets, and numbers next to those that are expected.
  tokens: [
    '\x01\0\0\x65',
    '\x11\0\0\x65',
    '\x21\x01',
    '\x31',
    '\x41',
    '\x14',
    '\x18',
    '\x1a',
    '\0\x02',
    '\x7f\xff',
    '\x80\0',
    '\0\x04\xff\xff\xff\xff',
  ],
  run: runUtpScript,
};

const utpDial: FuzzTarget = { name: 'utp-dial', tokens: ['\0', '\0\x64', ...utp.tokens], run: runUtpDialScript };

const http: FuzzTarget = {
  name: 'http',
  tokens: [
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 206 \r\n',
    'HTTP/1.1 100 \r\n',
    '\r\n\r\n',
    'Content-Length: ',
    'Transfer-Encoding: chunked\r\n',
    'Content-Range: bytes ',
    'Connection: close\r\n',
    '0\r\n\r\n',
    'ffffffff\r\n',
  ],
  run(input) {
    const head = answer(() => decodeResponseHead(input), SourceError);
    if (head !== undefined) {
      assert.ok(head.bodyBytes >= 0 && Number.isSafeInteger(head.bodyBytes), 'a length is a number');
      assert.ok(head.range === undefined || head.range.from < head.range.to, 'a range holds something');
    }
    const text = Buffer.from(input).toString('latin1');
    const whole = traceResponses(text, { readBytes: () => 65_536 });
    const bytewise = { readBytes: () => 1 };
    assert.deepEqual(traceResponses(text, bytewise).trace, whole.trace, 'reads of any size tell the same');
    const scattered = { readBytes: () => 7, placeBytes: () => 2 };
    assert.deepEqual(traceResponses(text, scattered).trace, whole.trace, 'and so do reads to several places');
    const told = whole.trace.join('').length;
    assert.ok(told <= 20 * input.length + 40, 'nothing is told that did not come');
  },
};

const lsd: FuzzTarget = {
  name: 'lsd',
  tokens: [
    'BT-SEARCH * HTTP/1.1\r\n',
    'Port: ',
    'Infohash: ',
    'cookie: ',
    '\r\n',
    'a'.repeat(40),
    'Host: 239.192.152.143:6771',
  ],
  run(input) {
    const message = decodeLsd(input);
    if (message === undefined) return;
    assert.ok(message.port > 0 && message.port <= 0xffff && message.infoHashes.length > 0, 'a message says something');
    assert.ok(message.infoHashes.every(({ length }) => length === 20));
    const again = encodeLsd(message, 4);
    if (again.length <= LSD_MESSAGE_BYTES_MAX) assert.deepEqual(decodeLsd(again), message);
  },
};

const krpc: FuzzTarget = {
  name: 'krpc',
  tokens: [
    ...BENCODE_TOKENS,
    ...['1:y1:q', '1:y1:r', '1:y1:e', '1:t2:aa', '1:ad', '1:rd', '2:id20:', '6:target20:', '9:info_hash20:', '5:token'],
    ...[
      '5:nodes26:',
      '6:nodes638:',
      '6:valuesl',
      '6:aaaaaa',
      '1:v',
      '1:k32:',
      '3:sig64:',
      '3:seqi',
      '4:salt',
      '2:ip6:',
    ],
    ...['1:q4:ping', '1:q9:find_node', '1:q9:get_peers', '1:q13:announce_peer', '1:q3:get', '1:q3:put', '4:wantl2:n4'],
  ],
  run(input) {
    const message = decodeKrpc(new Uint8Array(input));
    if (message === undefined || message.type === 'fault') return;
    assert.ok(message.transaction.length > 0 && message.transaction.length <= KRPC_TRANSACTION_BYTES_MAX);
    const again = decodeKrpc(encodeKrpc(message));
    assert.deepEqual(again, message, 'what was understood can be said again');
    if (message.type !== 'reply') return;
    const { nodes = [], nodes6 = [], peers = [], value } = message.reply;
    assert.ok(nodes.length <= KRPC_NODES_MAX && nodes6.length <= KRPC_NODES_MAX && peers.length <= KRPC_PEERS_MAX);
    for (const { host, port } of [...nodes, ...nodes6, ...peers]) assert.ok(isIP(host) !== 0 && port > 0);
    assert.ok(value === undefined || value.length <= DHT_VALUE_BYTES_MAX);
  },
};

const dhtState: FuzzTarget = {
  name: 'dht-state',
  tokens: [
    ...BENCODE_TOKENS,
    '7:versioni1e',
    '2:id20:',
    '3:id620:',
    '5:nodes26:',
    '6:nodes638:',
    '5:homesd8:80.9.9.920:',
  ],
  run(input) {
    const state = decodeDhtState(new Uint8Array(input));
    for (const family of [state[4], state[6]]) {
      if (family === undefined) continue;
      assert.equal(family.id.length, 20);
      for (const { host, port } of family.nodes) assert.ok(isIP(host) !== 0 && port > 0);
    }
    assert.ok((state.homes?.size ?? 0) <= DHT_HOMES_MAX);
    assert.deepEqual(decodeDhtState(encodeDhtState(state)), state, 'what was read can be kept');
  },
};

const proxy: FuzzTarget = {
  name: 'proxy',
  tokens: [
    '\x05\0',
    '\x05\x02',
    '\x01\0',
    '\x05\0\0\x01',
    '\x05\0\0\x03\x04name',
    '\0\0\0\x04',
    'HTTP/1.1 200 ',
    '\r\n',
    '\n',
  ],
  run: runProxyScript,
};

const portmap: FuzzTarget = { name: 'portmap', tokens: PORTMAP_TOKENS, run: runPortmap };

export const targets: readonly FuzzTarget[] = [
  bencode,
  metainfo,
  magnet,
  metadata,
  pex,
  donthave,
  holepunch,
  wire,
  receiver,
  tracker,
  ipList,
  mse,
  utp,
  utpDial,
  http,
  lsd,
  krpc,
  dhtState,
  proxy,
  portmap,
];
