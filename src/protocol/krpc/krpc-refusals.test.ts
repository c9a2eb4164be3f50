// What a decoder of DHT messages does not take: queries that lack something, and parts of replies that make no sense.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import { type BencodeInput, encodeBencode } from '../bencode/bencode-encoder.ts';
import { DHT_VALUE_BYTES_MAX, KRPC_PEERS_MAX, KRPC_TOKEN_BYTES_MAX, KRPC_TRANSACTION_BYTES_MAX } from '../limits.ts';
import { decodeKrpc } from './krpc-decoder.ts';
import type { KrpcQuery, KrpcReply } from './krpc-message.ts';
import * as krpcMessage from './krpc-message.ts';

type Fields = Record<string, BencodeInput>;

const ID = fromLatin1('abcdefghij0123456789');
const SHORT = ID.subarray(1);
const COMMON = { t: 'aa', y: 'q' };

/** What is heard of a query: itself, or the text of its fault. */
function asked(q: string, given: Fields): KrpcQuery | string | undefined {
  const heard = decodeKrpc(encodeBencode({ ...COMMON, q, a: { id: ID, ...given } }));
  if (heard?.type === 'fault') return heard.text;
  return heard?.type === 'query' ? heard.query : undefined;
}

function replied(r: Fields): KrpcReply | undefined {
  const heard = decodeKrpc(encodeBencode({ t: 'aa', y: 'r', r: { id: ID, ...r } }));
  return heard?.type === 'reply' ? heard.reply : undefined;
}

const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

test('a query without its name, its arguments or a whole id is a fault', () => {
  const fault = (fields: Fields): unknown => {
    const heard = decodeKrpc(encodeBencode({ ...COMMON, ...fields }));
    return heard?.type === 'fault' && heard.text;
  };
  assert.equal(fault({ q: 'ping' }), 'a query needs q and a');
  assert.equal(fault({ a: { id: ID } }), 'a query needs q and a');
  for (const a of [{}, { id: SHORT }, { id: 7 }]) assert.equal(fault({ q: 'ping', a }), 'id must have 20 bytes');
});

test('every argument that a query cannot do without is asked for, in its length', () => {
  const mutable = { token: 'x', v: 1, k: new Uint8Array(32), sig: new Uint8Array(64), seq: 1 };
  const cases: readonly (readonly [string, Fields, Fields])[] = [
    ['find_node', { target: ID }, { target: SHORT }],
    ['sample_infohashes', { target: ID }, { target: SHORT }],
    ['get', { target: ID }, { target: SHORT }],
    ['get_peers', { info_hash: ID }, { info_hash: SHORT }],
    ['announce_peer', { info_hash: ID, token: 'x', port: 1 }, { info_hash: SHORT, token: '', port: 0 }],
    ['put', { token: 'x', v: 1 }, { token: '' }],
    ['put', mutable, { token: '', k: new Uint8Array(31), sig: new Uint8Array(63), seq: -1 }],
  ];
  for (const [name, whole, wrong] of cases) {
    assert.equal(typeof asked(name, whole), 'object', name);
    for (const key of Object.keys(whole)) {
      if (key !== 'k') assert.equal(typeof asked(name, without(whole, key)), 'string', `${name} without ${key}`);
      if (key in wrong)
        assert.equal(typeof asked(name, { ...whole, [key]: wrong[key]! }), 'string', `${name}: wrong ${key}`);
    }
  }
});

test('an announced port is one that there is, unless that of the packet counts', () => {
  const announce = (port: BencodeInput, more: Fields = {}): unknown => {
    const heard = asked('announce_peer', { info_hash: ID, token: 'x', port, ...more });
    return typeof heard === 'object' && heard.method === 'announce_peer' ? heard.port : heard;
  };
  for (const port of [1, 65_535]) assert.equal(announce(port), port);
  for (const port of [0, -1, 65_536, 'x']) assert.equal(announce(port), 'port must be 1 to 65535');
  assert.equal(announce(0, { implied_port: 1 }), undefined);
  assert.equal(announce(7, { implied_port: 0 }), 7);
});

test('families are asked for by name; none of the two is as good as nothing', () => {
  const wanted = (want: BencodeInput): unknown => {
    const heard = asked('find_node', { target: ID, want });
    return typeof heard === 'object' && heard.method === 'find_node' && heard.want;
  };
  assert.deepEqual(wanted(['n4', 'n6']), { n4: true, n6: true });
  assert.deepEqual(wanted([4, 'n6', 'n66']), { n4: false, n6: true });
  for (const want of [['n5'], [], 'n4']) assert.equal(wanted(want), undefined);
});

test('a reply without a whole id says nothing', () => {
  for (const id of [SHORT, 7]) assert.equal(replied({ id }), undefined);
  assert.equal(decodeKrpc(encodeBencode({ t: 'aa', y: 'r' })), undefined);
  assert.deepEqual(replied({}), { id: ID });
});

test('what makes no sense in a reply is left out, and the rest is taken', () => {
  const peer = Uint8Array.of(192, 0, 2, 1, 0, 9);
  const known = { host: '192.0.2.1', port: 9 };
  assert.deepEqual(replied({ values: [7, peer.subarray(1), peer.with(5, 0), peer] })?.peers, [known]);
  const many = new Array<Uint8Array>(KRPC_PEERS_MAX + 1).fill(peer);
  assert.equal(replied({ values: many })?.peers?.length, KRPC_PEERS_MAX);
  const samples = { samples: new Uint8Array(0) };
  assert.deepEqual(replied({ ...samples, num: -1, interval: -1 }), { id: ID, samples: [] });
  const counted = { id: ID, samples: [], samplesTotal: 0, intervalSeconds: 0 };
  assert.deepEqual(replied({ ...samples, num: 0, interval: 0 }), counted);
  // The length of a value counts with what bencoding adds to it.
  const value = (length: number): Uint8Array | undefined => replied({ v: new Uint8Array(length) })?.value;
  assert.equal(value(DHT_VALUE_BYTES_MAX - 4)?.length, DHT_VALUE_BYTES_MAX);
  assert.equal(value(DHT_VALUE_BYTES_MAX - 3), undefined);
});

test('what stands around a message is bounded, and nothing is kept of an empty or long version', () => {
  const version = (v: BencodeInput): unknown =>
    decodeKrpc(encodeBencode({ ...COMMON, q: 'ping', a: { id: ID }, v }))?.version;
  assert.deepEqual(version('12345678'), fromLatin1('12345678'));
  for (const v of ['', '123456789', 7]) assert.equal(version(v), undefined);
  const heard = (t: string): unknown => decodeKrpc(encodeBencode({ t, y: 'q', q: 'ping', a: { id: ID } }))?.type;
  assert.equal(heard('x'.repeat(KRPC_TRANSACTION_BYTES_MAX)), 'query');
  assert.equal(heard('x'.repeat(KRPC_TRANSACTION_BYTES_MAX + 1)), undefined);
  for (const y of ['qq', 'x', ''])
    assert.equal(decodeKrpc(encodeBencode({ t: 'aa', y, q: 'ping', a: { id: ID } })), undefined);
});

test('an error without a number, or with a long text, is one all the same', () => {
  const error = (e: BencodeInput): unknown => {
    const heard = decodeKrpc(encodeBencode({ t: 'aa', y: 'e', e }));
    return heard?.type === 'error' && [heard.code, heard.text.length];
  };
  assert.deepEqual(error([203, 'x'.repeat(300)]), [203, 200]);
  for (const e of [['x', 7], [], 7]) assert.deepEqual(error(e), [0, 0]);
});

test('the numbers of errors are those of BEP 44', () => {
  const { KRPC_ERROR_VALUE_TOO_BIG, KRPC_ERROR_SIGNATURE, KRPC_ERROR_SALT_TOO_BIG, KRPC_ERROR_CAS, KRPC_ERROR_SEQ } =
    krpcMessage;
  const numbers = [
    KRPC_ERROR_VALUE_TOO_BIG,
    KRPC_ERROR_SIGNATURE,
    KRPC_ERROR_SALT_TOO_BIG,
    KRPC_ERROR_CAS,
    KRPC_ERROR_SEQ,
  ];
  assert.deepEqual(numbers, [205, 206, 207, 301, 302]);
});

test('a token and a sequence number are bounded', () => {
  const put = (fields: Fields): unknown => {
    const mutable = { k: new Uint8Array(32), sig: new Uint8Array(64), seq: 1, token: 'x', v: 1 };
    return typeof asked('put', { ...mutable, ...fields });
  };
  assert.equal(put({ token: new Uint8Array(KRPC_TOKEN_BYTES_MAX) }), 'object');
  assert.equal(put({ token: new Uint8Array(KRPC_TOKEN_BYTES_MAX + 1) }), 'string');
  assert.deepEqual(
    [put({ seq: 0 }), put({ seq: 2n ** 63n - 1n }), put({ seq: 2n ** 63n })],
    ['object', 'object', 'string'],
  );
});
