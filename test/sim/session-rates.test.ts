// Rate limits in virtual time: they are kept, smoothly, and everybody who waits gets a fair part of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import { encodeRequest, INTERESTED_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECE_BYTES = 4 * BLOCK_BYTES;
const PIECES = 1200;
const RATE = 1_000_000;
const SECONDS = 10;

/** Jain's index: 1 when all got the same, 1/n when one got it all. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/** What `total` grew by in each of ten seconds, after two to get going. */
function perSecond(world: SimulatedSession, total: () => number): number[] {
  world.run(2000);
  return Array.from({ length: SECONDS }, () => {
    const before = total();
    world.run(1000);
    return total() - before;
  });
}

/** Overhead is counted as well: of the limit, blocks get what is left, less than 2 % under it. */
function assertKept(seconds: readonly number[], rate: number): void {
  const mean = seconds.reduce((sum, bytes) => sum + bytes, 0) / seconds.length;
  assert.ok(mean <= rate && mean >= rate * 0.95, `${mean} of ${rate}: ${seconds}`);
  assert.ok(Math.max(...seconds) <= rate * 1.5, `not smooth: ${seconds}`);
}

function downloading(world: SimulatedSession, seeds: number): Torrent {
  const { torrent } = world.add(PIECES * PIECE_BYTES, PIECE_BYTES);
  const { store } = torrent.spec;
  for (let seed = 0; seed < seeds; seed++) world.addSeed(torrent, `10.0.${store}.${seed + 1}`);
  torrent.dispatch({ type: 'resume' });
  return torrent;
}

function downloaded(torrent: Torrent): number {
  return torrent.intake.rate.totalBytes;
}

test('a download limit is kept, and twenty seeds get a fair part of it each second', () => {
  const world = new SimulatedSession();
  const torrent = downloading(world, 20);
  world.session.downloadLimit.setRate(RATE);
  assertKept(
    perSecond(world, () => downloaded(torrent)),
    RATE,
  );
  const before = new Map([...torrent.swarm.peers()].map((peer) => [peer, peer.download.totalBytes]));
  assert.equal(before.size, 20);
  world.run(1000);
  const shares = [...before].map(([peer, bytes]) => peer.download.totalBytes - bytes);
  assert.ok(fairness(shares) >= 0.99, `${shares}`);
});

test('twenty torrents get a fair part of a download limit each second', () => {
  const world = new SimulatedSession({ frames: 4096 });
  const torrents = Array.from({ length: 20 }, () => downloading(world, 2));
  world.session.downloadLimit.setRate(RATE);
  const total = (): number => torrents.reduce((sum, torrent) => sum + downloaded(torrent), 0);
  assertKept(perSecond(world, total), RATE);
  const before = torrents.map(downloaded);
  world.run(1000);
  const shares = torrents.map((torrent, index) => downloaded(torrent) - before[index]!);
  assert.ok(fairness(shares) >= 0.99, `${shares}`);
});

test("a torrent's own limit holds inside that of the session; the others get what it leaves", () => {
  const world = new SimulatedSession();
  const [slow, other] = [downloading(world, 3), downloading(world, 3)];
  slow.downloadLimit.setRate(RATE / 5);
  world.session.downloadLimit.setRate(RATE);
  const before = [downloaded(slow), downloaded(other)];
  assertKept(
    perSecond(world, () => downloaded(slow) + downloaded(other)),
    RATE,
  );
  const seconds = SECONDS + 2;
  const [slowRate, otherRate] = [slow, other].map((torrent, index) => (downloaded(torrent) - before[index]!) / seconds);
  assert.ok(slowRate! <= RATE / 5 && slowRate! >= (RATE / 5) * 0.9, `${slowRate}`);
  assert.ok(otherRate! >= RATE * 0.75, `${otherRate}`);
});

test("a torrent's own limit holds where the session has none, and can be lifted", () => {
  const world = new SimulatedSession();
  const torrent = downloading(world, 3);
  torrent.downloadLimit.setRate(RATE);
  assertKept(
    perSecond(world, () => downloaded(torrent)),
    RATE,
  );
  torrent.downloadLimit.setRate(0);
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
});

/** A leech that always has requests waiting. */
function greedyLeech(world: SimulatedSession, torrent: Torrent, turn: number): RemotePeer {
  const remote = world.meet(torrent, { peerId: new Uint8Array(20).fill(100 + turn) });
  remote.send(INTERESTED_MESSAGE);
  return remote;
}

function ask(remotes: readonly RemotePeer[], turn: number): void {
  for (const remote of remotes) {
    for (let block = 0; block < 20; block++) {
      const index = (turn * 20 + block) % (PIECES * 4);
      const range = { piece: Math.floor(index / 4), begin: (index % 4) * BLOCK_BYTES, length: BLOCK_BYTES };
      remote.send(encodeRequest(range));
    }
  }
}

for (const count of [1, 20]) {
  test(`an upload limit is kept, and peers of ${count} torrents get a fair part of it`, () => {
    // Memory for all of them: what is read ahead for a peer is by the number of slots, and here everybody has one.
    const world = new SimulatedSession({ peersMax: 100, frames: 4096 });
    const had = new Bitfield(PIECES);
    had.fill();
    const leeches: RemotePeer[] = [];
    const torrents = Array.from({ length: count }, (_, index) => {
      const { torrent } = world.add(PIECES * PIECE_BYTES, PIECE_BYTES, { had });
      torrent.dispatch({ type: 'resume' });
      for (let leech = 0; leech < 20 / count; leech++) leeches.push(greedyLeech(world, torrent, index * 20 + leech));
      return torrent;
    });
    // Who is unchoked is the choker's business: here everybody is.
    for (const { relations } of torrents) {
      relations.choking.choke = () => undefined;
      relations.choking.unchoke = () => undefined;
      for (const peer of relations.swarm.peers()) peer.weChoke = false;
    }
    world.session.uploadLimit.setRate(RATE);
    const total = (): number => torrents.reduce((sum, torrent) => sum + torrent.upload.totalBytes, 0);
    let turn = 0;
    const seconds: number[] = [];
    const got: number[][] = [];
    for (let second = 0; second < SECONDS; second++) {
      ask(leeches, turn++);
      const before = leeches.map((leech) => leech.blocksGot.length);
      const bytes = total();
      world.run(1000);
      seconds.push(total() - bytes);
      got.push(leeches.map((leech, index) => leech.blocksGot.length - before[index]!));
    }
    assertKept(seconds.slice(1), RATE);
    for (const shares of got.slice(1)) {
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      assert.ok(Math.min(...shares) >= mean * 0.8, `${shares}`);
    }
    const all = leeches.map((_, index) => got.slice(1).reduce((sum, shares) => sum + shares[index]!, 0));
    assert.ok(fairness(all) >= 0.99, `${all}`);
  });
}
