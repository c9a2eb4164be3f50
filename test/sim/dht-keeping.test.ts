// What a node does of itself for its user: puts values again before they are forgotten (BEP 44), and asks others which torrents
// they know of (BEP 51), at a pace that they can bear.
import assert from 'node:assert/strict';
import test from 'node:test';
import { equalBytes, fromLatin1, toHex } from '#src/base/bytes.ts';
import { itemSearch, putSearch } from '#src/engine/dht/dht-search.ts';
import { ITEM_LIFE_MS, REPUT_INTERVAL_MS, SURVEY_QUERIES_PER_SECOND } from '#src/engine/dht/limits.ts';
import type { Sample } from '#src/engine/dht/sample-surveys.ts';
import { decodeKrpc } from '#src/protocol/krpc/krpc-decoder.ts';
import { itemTarget, type StoredItem, signedBytes } from '#src/protocol/krpc/stored-item.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { type DhtResident, DhtWorld } from '#src/testing/simulator/dht-world.ts';

/** Stands in for ed25519: whoever knows the key can sign. */
const sign = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
  new Uint8Array([...sha1(new Uint8Array([...key, ...bytes])), ...new Uint8Array(44)]);
const verify = (key: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean =>
  equalBytes(signature, sign(key, bytes));
const CHECKS = { sha1, verify };
const KEY = new Uint8Array(32).fill(9);
const NO_SALT = new Uint8Array(0);

function version(seq: number, text: string): StoredItem {
  const value = fromLatin1(`${text.length}:${text}`);
  return { value, mutable: { key: KEY, seq, salt: NO_SALT, signature: sign(KEY, signedBytes(value, seq, NO_SALT)) } };
}

function scene(nodes = 12) {
  const world = new DhtWorld({ seed: 5, nodes, liars: 0, lossShare: 0, verify });
  world.runFor(30_000);
  const [keeper, other] = [world.residents[9]!, world.residents[nodes - 2]!];
  const get = (who: DhtResident, item: StoredItem): StoredItem | undefined => {
    let found: StoredItem | undefined;
    who.dht!.search(itemSearch(itemTarget(item, sha1), NO_SALT, CHECKS, (told) => (found = told)));
    world.runFor(5000);
    return found;
  };
  const put = (who: DhtResident, item: StoredItem): number => {
    let stored = -1;
    who.dht!.search(putSearch(item, {}, CHECKS, (count) => (stored = count)));
    world.runFor(5000);
    return stored;
  };
  return { world, keeper, other, get, put };
}

test('a value is forgotten after two hours, one that is kept stays, and goes when it is no longer kept', () => {
  const { world, keeper, other, get, put } = scene();
  const [left, kept] = [{ value: fromLatin1('4:left') }, { value: fromLatin1('4:kept') }];
  assert.equal(put(keeper, left), 8);
  assert.equal(put(keeper, kept), 8);
  const stop = keeper.dht!.kept.keep(kept);
  assert.equal(keeper.dht!.status.keptItems, 1);
  world.runFor(ITEM_LIFE_MS + 60_000);
  assert.equal(get(other, left), undefined);
  assert.deepEqual(get(other, kept)?.value, kept.value);
  world.runFor(ITEM_LIFE_MS);
  assert.deepEqual(get(other, kept)?.value, kept.value, 'and for as long as one likes');
  stop();
  stop();
  assert.equal(keeper.dht!.status.keptItems, 0);
  world.runFor(ITEM_LIFE_MS + REPUT_INTERVAL_MS);
  assert.equal(get(other, kept), undefined);
});

test('a kept value survives when all nodes that had it are gone', () => {
  const { world, keeper, get, put } = scene(30);
  const kept = { value: fromLatin1('5:nomad') };
  put(keeper, kept);
  keeper.dht!.kept.keep(kept);
  const holders = world.residents.filter(({ dht }) => (dht?.status.storedItems ?? 0) > 0);
  assert.ok(holders.length >= 8);
  for (const holder of holders) if (holder !== keeper) world.leave(holder);
  const other = world.residents.find((each) => each !== keeper && each.dht !== undefined)!;
  world.runFor(REPUT_INTERVAL_MS + 60_000);
  assert.deepEqual(get(other, kept)?.value, kept.value);
});

test('when the key’s owner has put a later version, that one is kept', () => {
  const { world, keeper, other, get, put } = scene();
  const [first, second] = [version(1, 'first'), version(2, 'second')];
  assert.equal(put(keeper, first), 8);
  keeper.dht!.kept.keep(first);
  assert.equal(put(other, second), 8);
  // Long after the owner's own put would have been forgotten.
  world.runFor(ITEM_LIFE_MS + REPUT_INTERVAL_MS);
  assert.deepEqual(get(other, first)?.mutable?.seq, 2);
  // What is not signed with the key never takes its place.
  assert.equal(put(other, { ...version(3, 'third'), value: fromLatin1('6:forged') }), 0);
  world.runFor(REPUT_INTERVAL_MS * 2);
  assert.deepEqual(get(other, first)?.mutable?.seq, 2);
});

test('a survey hears of torrents all over the network, at its pace, and asks nobody twice', () => {
  const { world, keeper } = scene(60);
  const hashes = Array.from({ length: 30 }, (_, index) => sha1(Uint8Array.of(index)));
  for (const [at, infoHash] of hashes.entries())
    world.findPeers(world.residents[at]!, infoHash, { port: 1, seed: false }, () => undefined);
  world.runFor(30_000);
  const askedMs: number[] = [];
  const asked: string[] = [];
  const { carry } = world.network;
  world.network.carry = (bytes, from, to) => {
    const message = from.host === keeper.address.host ? decodeKrpc(bytes) : undefined;
    if (message?.type === 'query' && message.query.method === 'sample_infohashes') {
      askedMs.push(world.queue.nowMs);
      asked.push(to.host);
    }
    carry.call(world.network, bytes, from, to);
  };
  const samples: Sample[] = [];
  const ends: [number, number][] = [];
  const survey = (nodesMax: number): (() => void) =>
    keeper.dht!.surveys.begin({
      nodesMax,
      sampled: (sample) => samples.push(sample),
      done: (...counts) => ends.push(counts),
    });
  survey(1000);
  world.runFor(60_000);
  assert.equal(ends.length, 1);
  assert.ok(ends[0]![0] >= 50 && ends[0]![1] >= 50, `${ends} nodes asked and answered`);
  assert.equal(new Set(asked).size, asked.length, 'nobody twice');
  for (const [at, atMs] of askedMs.entries()) {
    const within = askedMs.filter((other) => other >= atMs && other < atMs + 1000).length;
    assert.ok(within <= 2 * SURVEY_QUERIES_PER_SECOND, `${within} in the second of question ${at}`);
  }
  const found = new Set(samples.flatMap(({ infoHashes }) => infoHashes.map(toHex)));
  assert.equal(found.size, hashes.length);
  assert.ok(samples.every(({ intervalSeconds, total }) => intervalSeconds >= 60 && total !== undefined));

  // The same nodes are left alone for as long as they asked for; and then asked again.
  survey(5);
  world.runFor(5000);
  assert.deepEqual(ends[1], [0, 0]);
  world.runFor(120_000);
  const cancel = survey(5);
  world.runFor(10_000);
  assert.deepEqual(ends[2], [5, 5]);
  cancel();
  const count = asked.length;
  survey(50)();
  world.runFor(10_000);
  assert.equal(asked.length, count, 'what is cancelled asks nobody');
  keeper.dht!.surveys.begin({ nodesMax: 3, sampled: () => undefined, done: (...counts) => ends.push(counts) });
  keeper.dht!.close();
  assert.deepEqual(ends[3], [0, 0], 'whoever waits when the DHT ends hears of it');
});
