import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import type { NodeContact } from './compact-nodes.ts';
import { decodeKrpc } from './krpc-decoder.ts';
import { encodeKrpc } from './krpc-encoder.ts';
import type { KrpcMessage, KrpcQuery, KrpcReply } from './krpc-message.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const id = bytes(20);
const port = fc.integer({ min: 1, max: 65_535 });
const ipv4 = fc.ipV4();
const ipv6 = fc.constantFrom('2001:db8::1', 'fe80::1', '2600:1f18:1234:5678:9abc:def0:1:2');
/** Compared with what is decoded, so with the usual prototype. */
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
const endpoint4 = record({ host: ipv4, port });
const endpoint6 = record({ host: ipv6, port });
const nodes4 = fc.array(record({ id, host: ipv4, port }), { maxLength: 8 });
const nodes6 = fc.array(record({ id, host: ipv6, port }), { maxLength: 8 });
const want = fc.constantFrom({ n4: true, n6: false }, { n4: false, n6: true }, { n4: true, n6: true });
const token = fc.uint8Array({ minLength: 1, maxLength: 20 });
const seq = fc.oneof(fc.nat(), fc.constantFrom(2n ** 60n, 2n ** 63n - 1n));
/** Any bencoded value, in its canonical form. */
const value = fc
  .oneof(
    fc.nat(),
    fc.string({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.nat(), { maxLength: 5 }),
  )
  .map((plain) => encodeBencode(plain));
const mutable = record({ key: bytes(32), signature: bytes(64), seq, salt: fc.uint8Array({ maxLength: 64 }) });

const optional = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(fields, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<Partial<T>>;

function method<M extends KrpcQuery['method'], R extends object, O extends object>(
  name: M,
  required: { [K in keyof R]: fc.Arbitrary<R[K]> },
  extra: { [K in keyof O]: fc.Arbitrary<O[K]> },
): fc.Arbitrary<KrpcQuery> {
  return fc
    .tuple(fc.record(required), optional(extra))
    .map(([given, more]) => ({ method: name, ...given, ...more }) as unknown as KrpcQuery);
}

const query: fc.Arbitrary<KrpcQuery> = fc.oneof(
  method('ping', {}, {}),
  method('find_node', { target: id }, { want }),
  method('get_peers', { infoHash: id, noSeed: fc.boolean(), scrape: fc.boolean() }, { want }),
  method('announce_peer', { infoHash: id, token, seed: fc.boolean() }, { port }),
  method('get', { target: id }, { want, seq }),
  method('put', { token, value }, {}),
  fc.tuple(token, value, mutable, fc.option(seq, { nil: undefined })).map(
    ([given, v, part, cas]): KrpcQuery => ({
      method: 'put',
      token: given,
      value: v,
      mutable: part,
      ...(cas !== undefined && { cas }),
    }),
  ),
  method('sample_infohashes', { target: id }, { want }),
  method('unknown', { name: fc.constantFrom('vote', 'x') }, { target: id }),
);

const reply: fc.Arbitrary<KrpcReply> = fc
  .tuple(
    id,
    optional<Omit<KrpcReply, 'id'>>({
      nodes: nodes4 as fc.Arbitrary<NodeContact[]>,
      nodes6: nodes6 as fc.Arbitrary<NodeContact[]>,
      peers: fc.array(fc.oneof(endpoint4, endpoint6), { maxLength: 30 }),
      token,
      seedFilter: bytes(256),
      peerFilter: bytes(256),
      value,
      key: bytes(32),
      signature: bytes(64),
      seq,
      samples: fc.array(id, { maxLength: 20 }),
    } as never),
  )
  .map(([own, more]) => ({ id: own, ...more }));

const envelope = { transaction: fc.uint8Array({ minLength: 1, maxLength: 8 }), version: bytes(4) };

const message: fc.Arbitrary<KrpcMessage> = fc.oneof(
  record({ type: fc.constant('query' as const), ...envelope, id, readOnly: fc.boolean(), query }),
  record({ type: fc.constant('reply' as const), ...envelope, yourAddress: fc.oneof(endpoint4, endpoint6), reply }),
  record({
    type: fc.constant('error' as const),
    ...envelope,
    yourAddress: endpoint4,
    code: fc.nat(),
    text: fc.constantFrom('', 'invalid token'),
  }),
);

test('whatever is said is understood as it was meant', () => {
  fc.assert(
    fc.property(message, (said) => {
      assert.deepEqual(decodeKrpc(encodeKrpc(said)), said);
    }),
    { numRuns: 400 },
  );
});

test('no bytes make the decoder throw, and what it understands it can say again', () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.nat(255), (said, at, byte) => {
      const packet = encodeKrpc(said).slice();
      packet[at % packet.length] = byte;
      const heard = decodeKrpc(packet);
      if (heard !== undefined && heard.type !== 'fault') assert.notEqual(decodeKrpc(encodeKrpc(heard)), undefined);
    }),
    { numRuns: 400 },
  );
});

test('the examples of BEP 5', () => {
  const own = fromLatin1('abcdefghij0123456789');
  const target = fromLatin1('mnopqrstuvwxyz123456');
  const common = { type: 'query', transaction: fromLatin1('aa'), readOnly: false, id: own };
  const examples: readonly (readonly [string, KrpcQuery])[] = [
    ['d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe', { method: 'ping' }],
    [
      'd1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe',
      { method: 'find_node', target },
    ],
    [
      'd1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe',
      { method: 'get_peers', infoHash: target, noSeed: false, scrape: false },
    ],
    [
      'd1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe',
      { method: 'announce_peer', infoHash: target, token: fromLatin1('aoeusnth'), seed: false },
    ],
  ];
  for (const [text, query] of examples) assert.deepEqual(decodeKrpc(fromLatin1(text)), { ...common, query });
  const values = 'd1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re';
  const heard = decodeKrpc(fromLatin1(values));
  assert.ok(heard?.type === 'reply');
  assert.deepEqual(heard.reply.peers, [
    { host: '97.120.106.101', port: 11_893 },
    { host: '105.100.104.116', port: 28_269 },
  ]);
  const error = decodeKrpc(fromLatin1('d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee'));
  assert.deepEqual(error, { type: 'error', transaction: fromLatin1('aa'), code: 201, text: 'A Generic Error Ocurred' });
});

test('a query that lacks something is a fault that can be answered; what is no message is nothing', () => {
  const fault = decodeKrpc(fromLatin1('d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:aa1:y1:qe'));
  assert.deepEqual(fault, { type: 'fault', transaction: fromLatin1('aa'), text: 'target must have 20 bytes' });
  for (const text of ['', 'd', 'i1e', 'de', 'd1:y1:qe', 'd1:t0:1:y1:qe', `d1:t30:${'x'.repeat(30)}1:y1:qe`]) {
    assert.equal(decodeKrpc(fromLatin1(text)), undefined, text);
  }
});

test('a value goes out as the very bytes that came, canonical or not', () => {
  const given = fromLatin1('d1:bi1e1:ai01ee');
  const packet = encodeKrpc({
    type: 'reply',
    transaction: fromLatin1('x'),
    reply: { id: fromLatin1('abcdefghij0123456789'), value: given },
  });
  const heard = decodeKrpc(packet);
  assert.ok(heard?.type === 'reply');
  assert.equal(toLatin1(heard.reply.value!), toLatin1(given));
});
