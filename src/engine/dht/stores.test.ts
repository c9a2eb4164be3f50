import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { sha1 } from '../../testing/sha1.ts';
import { ItemStore } from './item-store.ts';
import * as limits from './limits.ts';
import { PeerStore } from './peer-store.ts';
import { QueryLimiter } from './query-limiter.ts';
import { WriteTokens } from './write-tokens.ts';

const HASH = sha1(fromLatin1('a torrent'));

function peers(): PeerStore {
  return new PeerStore(sha1, new SeededRandom(3));
}

function announce(store: PeerStore, index: number, infoHash = HASH, nowMs = 0): boolean {
  const host = `${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.1`;
  return store.announce(infoHash, { host, port: 6881, seed: index % 2 === 0 }, host, nowMs);
}

test('peers are named to those who ask, seeds apart, and forgotten when they do not come back', () => {
  const store = peers();
  for (let index = 0; index < 20; index++) announce(store, index);
  assert.equal(store.some(HASH, 4, 50, false).length, 20);
  assert.equal(store.some(HASH, 4, 50, true).length, 10);
  assert.equal(store.some(HASH, 4, 5, false).length, 5);
  assert.equal(store.some(HASH, 6, 50, false).length, 0);
  announce(store, 0, HASH, limits.PEER_LIFE_MS - 1);
  store.expire(limits.PEER_LIFE_MS);
  assert.equal(store.some(HASH, 4, 50, false).length, 1);
  store.expire(limits.PEER_LIFE_MS * 2);
  assert.deepEqual([store.torrents, store.peers], [0, 0]);
});

test('an address is one peer of a torrent, whatever port it names', () => {
  const store = peers();
  for (const port of [1, 2, 3]) store.announce(HASH, { host: '9.9.9.9', port, seed: false }, '9.9.9.9', 0);
  assert.deepEqual(store.some(HASH, 4, 50, false), [
    { host: '9.9.9.9', port: 3, seed: false, untilMs: limits.PEER_LIFE_MS, subscriber: '9.9.9.9' },
  ]);
});

test('what strangers announce is bounded in every direction', () => {
  const store = peers();
  for (let index = 0; index < limits.STORED_PEERS_PER_TORRENT_MAX; index++) assert.ok(announce(store, index));
  assert.equal(store.hasRoom(HASH), false);
  assert.equal(announce(store, 999_999), false);
  const hashes = Array.from({ length: 3000 }, (_, index) => sha1(fromLatin1(`${index}`)));
  let taken = 0;
  for (const infoHash of hashes) if (announce(store, 7, infoHash)) taken++;
  assert.ok(taken <= limits.STORED_TORRENTS_PER_HOST_MAX, 'one host does not fill the memory');
  for (const [index, infoHash] of hashes.entries()) announce(store, 10_000 + index, infoHash);
  assert.equal(store.torrents, limits.STORED_TORRENTS_MAX);
  for (let index = 0; index < 30_000; index++) announce(store, 100_000 + index, hashes[2999 - (index % 1500)]);
  assert.equal(store.peers, limits.STORED_PEERS_MAX);
});

test('filters tell how many there are, and a sample stays the same for a while', () => {
  const store = peers();
  assert.equal(store.filters(HASH, 0), undefined);
  for (let index = 0; index < 9; index++) announce(store, index);
  const ones = (bytes: Uint8Array): number =>
    [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  assert.equal(ones(store.filters(HASH, 0)!.seeds), 10);
  assert.equal(ones(store.filters(HASH, 0)!.peers), 8);
  assert.deepEqual(store.sample(0).samples, [HASH]);
  announce(store, 1, sha1(fromLatin1('later')));
  assert.equal(store.sample(limits.SAMPLE_PERIOD_MS - 1).samples.length, 1);
  assert.equal(store.sample(limits.SAMPLE_PERIOD_MS).samples.length, 2);
});

test('filters are not made anew for everybody who asks', () => {
  let hashes = 0;
  const counting = (bytes: Uint8Array): Uint8Array => {
    hashes++;
    return sha1(bytes);
  };
  const store = new PeerStore(counting, new SeededRandom(3));
  for (let index = 0; index < 100; index++) announce(store, index);
  const first = store.filters(HASH, 0);
  for (let asked = 0; asked < 1000; asked++) assert.equal(store.filters(HASH, limits.FILTERS_PERIOD_MS - 1), first);
  assert.equal(hashes, 100);
  announce(store, 100);
  assert.notDeepEqual(
    store.filters(HASH, limits.FILTERS_PERIOD_MS),
    first,
    'but who came since is in them after a while',
  );
});

test('whoever has a network of IPv6 is one subscriber, and fills neither the store nor the line', () => {
  const store = peers();
  const host = (index: number): string => `2001:db8:1:2::${index.toString(16)}`;
  let taken = 0;
  for (let index = 1; index <= 2000; index++) {
    if (store.announce(HASH, { host: host(index), port: 1, seed: false }, host(index), 0)) taken++;
  }
  assert.equal(taken, limits.STORED_TORRENTS_PER_HOST_MAX);
  const other = '2001:db8:1:3::1';
  assert.ok(store.announce(HASH, { host: other, port: 1, seed: false }, other, 0), 'others have their room');
  const limiter = new QueryLimiter();
  const answered = Array.from({ length: 500 }, (_, index) => limiter.admits(host(index + 1), 0)).filter(Boolean);
  assert.equal(answered.length, limits.QUERIES_PER_HOST_BURST);
  assert.ok(limiter.admits(other, 0));
  // What is stored is forgotten again, and so is what it counted for.
  store.expire(limits.PEER_LIFE_MS);
  assert.ok(store.announce(HASH, { host: host(1), port: 1, seed: false }, host(1), limits.PEER_LIFE_MS));
});

const KEY = new Uint8Array(32).fill(1);
const SALT = new Uint8Array(0);

function item(text: string, seq: number, salt = SALT) {
  return { value: fromLatin1(text), mutable: { key: KEY, signature: new Uint8Array(64), seq, salt } };
}

test('a value is replaced by a later one alone, and by nobody who compared with another', () => {
  const store = new ItemStore(sha1, () => true);
  const code = (text: string, seq: number, cas?: number): number | undefined =>
    store.put(item(text, seq), cas, 0)?.code;
  assert.equal(code('1:a', 5), undefined);
  assert.equal(code('1:b', 4), 302);
  assert.equal(code('1:b', 5), 302);
  assert.equal(code('1:a', 5), undefined, 'the same again keeps it alive');
  assert.equal(code('1:b', 6, 4), 301);
  assert.equal(code('1:b', 6, 5), undefined);
  assert.equal(store.size, 1);
});

test('what is too long, signed wrongly or one too many is not stored', () => {
  const forged = new ItemStore(sha1, () => false);
  assert.equal(forged.put(item('1:a', 1), undefined, 0)?.code, 206);
  assert.equal(forged.put({ value: fromLatin1('1:a') }, undefined, 0), undefined);
  const store = new ItemStore(sha1, () => true);
  assert.equal(store.put({ value: new Uint8Array(1001) }, undefined, 0)?.code, 205);
  assert.equal(store.put(item('1:a', 1, new Uint8Array(65)), undefined, 0)?.code, 207);
  for (let index = 0; index < limits.STORED_ITEMS_MAX + 10; index++)
    store.put({ value: fromLatin1(`i${index}e`) }, undefined, index);
  assert.equal(store.size, limits.STORED_ITEMS_MAX);
  assert.equal(store.get(sha1(fromLatin1('i0e'))), undefined);
  store.expire(limits.ITEM_LIFE_MS + 500);
  assert.equal(store.size, limits.STORED_ITEMS_MAX - 491);
});

test('a token is good for five to ten minutes, and at its own address', () => {
  const tokens = new WriteTokens(sha1, new SeededRandom(1), 0);
  const token = tokens.issue('9.9.9.9', 1000);
  assert.ok(tokens.accepts(token, '9.9.9.9', 2000));
  assert.equal(tokens.accepts(token, '9.9.9.8', 2000), false);
  assert.ok(tokens.accepts(token, '9.9.9.9', limits.TOKEN_PERIOD_MS + 1));
  assert.equal(tokens.accepts(token, '9.9.9.9', 2 * limits.TOKEN_PERIOD_MS + 2), false);
  const idle = new WriteTokens(sha1, new SeededRandom(1), 0);
  const old = idle.issue('9.9.9.9', 0);
  assert.equal(idle.accepts(old, '9.9.9.9', 5 * limits.TOKEN_PERIOD_MS), false, 'also when nobody asked meanwhile');
});

test('a host gets so many answers, and all together so many', () => {
  const limiter = new QueryLimiter();
  const admitted = (hosts: number, each: number, nowMs: number): number => {
    let count = 0;
    for (let turn = 0; turn < each; turn++) {
      for (let host = 0; host < hosts; host++) if (limiter.admits(`9.9.${host >> 8}.${host & 255}`, nowMs)) count++;
    }
    return count;
  };
  assert.equal(admitted(1, 100, 0), limits.QUERIES_PER_HOST_BURST);
  assert.equal(admitted(1, 100, 1000), limits.QUERIES_PER_HOST_SECOND);
  assert.equal(admitted(1000, 1, 10_000), limits.QUERIES_PER_SECOND);
  assert.ok(limiter.admits('127.0.0.1', 10_000));
});

test('a token that is asked for after a long silence is as good as others', () => {
  const tokens = new WriteTokens(sha1, new SeededRandom(1), 0);
  const nowMs = 1.9 * limits.TOKEN_PERIOD_MS;
  const token = tokens.issue('9.9.9.9', nowMs);
  assert.ok(tokens.accepts(token, '9.9.9.9', nowMs + limits.TOKEN_PERIOD_MS));
});

test('of many peers some are named, each as often as the others, none twice in an answer', () => {
  const store = peers();
  for (let index = 0; index < 10; index++) announce(store, index);
  const named = new Map<string, number>();
  for (let answer = 0; answer < 300; answer++) {
    const hosts = store.some(HASH, 4, 4, false).map(({ host }) => host);
    assert.equal(new Set(hosts).size, 4);
    for (const host of hosts) named.set(host, (named.get(host) ?? 0) + 1);
  }
  assert.equal(named.size, 10);
  for (const times of named.values()) assert.ok(times > 80 && times < 160, `${times} of 120`);
});

test('a host that does not come back may be stored again later', () => {
  const store = peers();
  const hashes = Array.from({ length: limits.STORED_TORRENTS_PER_HOST_MAX }, (_, at) => sha1(fromLatin1(`${at}`)));
  for (const infoHash of hashes) assert.ok(announce(store, 7, infoHash));
  assert.ok(!announce(store, 7));
  store.expire(limits.PEER_LIFE_MS);
  assert.ok(announce(store, 7, HASH, limits.PEER_LIFE_MS));
});
