// Liars in a swarm: whoever sent a wrong block is banned when its piece is verified, and nobody else is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { encodeHave, UNCHOKE_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECE_BLOCKS = 40;
const PIECE_BYTES = PIECE_BLOCKS * BLOCK_BYTES;

/** Ten seeds over few pieces, so that pieces have several senders. The liars corrupt a share of their blocks. */
function swarm(seed: number, liars: readonly string[], corrupts: number) {
  const world = new SimulatedSession({ seed, frames: 2048 });
  const { torrent, news } = world.add(PIECE_BYTES * 6, PIECE_BYTES);
  torrent.dispatch({ type: 'resume' });
  const hosts = Array.from({ length: 10 }, (_, index) => `10.0.0.${index + 1}`);
  for (const host of hosts) {
    world.addSeed(torrent, host, { bytesPerSecond: 50_000, ...(liars.includes(host) && { corrupts }) });
  }
  const banned = () => hosts.filter((host) => torrent.swarm.candidates.banned({ host, port: SEED_PORT }));
  const corruptPiece = () => {
    const warning = news.warnings.find(({ code }) => code === 'ERR_PIECE_CORRUPT');
    return warning === undefined ? undefined : Number(/piece (\d+)/.exec(warning.message)![1]);
  };
  return { world, torrent, news, banned, corruptPiece };
}

test('of ten seeds the one that corrupts 5 % is banned with the first piece that is verified again, and it alone', () => {
  let named = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { world, torrent, news, banned, corruptPiece } = swarm(seed, ['10.0.0.4'], 0.05);
    world.runUntil(() => corruptPiece() !== undefined || torrent.phase === 'seeding', 300_000);
    const piece = corruptPiece();
    if (piece !== undefined) {
      assert.ok(world.runUntil(() => news.pieces.includes(piece) || torrent.phase === 'seeding', 300_000));
      assert.deepEqual(banned(), ['10.0.0.4'], `seed ${seed}`);
      named++;
    }
    assert.ok(
      world.runUntil(() => torrent.phase === 'seeding', 300_000),
      `seed ${seed}: ${torrent.stall().message}`,
    );
    assert.ok(
      banned().every((host) => host === '10.0.0.4'),
      `seed ${seed}: ${banned()}`,
    );
    // What failed, and what endgame fetched twice.
    const failures = news.codes.filter((code) => code === 'ERR_PIECE_CORRUPT' || code === 'ERR_PEER_CORRUPT').length;
    const bound = (failures + 1) * PIECE_BYTES;
    assert.ok(torrent.intake.wastedBytes <= bound, `seed ${seed}: ${torrent.intake.wastedBytes} bytes wasted`);
    assert.deepEqual(world.leftovers(torrent), []);
  }
  assert.ok(named >= 5, `${named} of 10 worlds had a piece of several senders fail`);
});

test('two liars are both named, and only they', () => {
  const both = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) {
    const { world, torrent, banned } = swarm(seed, ['10.0.0.4', '10.0.0.9'], 0.3);
    assert.ok(
      world.runUntil(() => torrent.phase === 'seeding', 300_000),
      `seed ${seed}: ${torrent.stall().message}`,
    );
    assert.deepEqual(banned(), ['10.0.0.4', '10.0.0.9'], `seed ${seed}`);
    for (const host of banned()) both.add(host);
  }
  assert.equal(both.size, 2);
});

test('a liar who has left and come back by another port is put out when its block is found out', () => {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(4 * BLOCK_BYTES, 4 * BLOCK_BYTES);
  torrent.dispatch({ type: 'resume' });
  const liar = world.meet(torrent, { host: '10.0.0.66' });
  liar.send(encodeHave(0));
  liar.send(UNCHOKE_MESSAGE);
  world.run(200);
  liar.sendBlock(liar.owed[1]!, true);
  liar.hangUp();
  world.run(200);
  const helper = world.meet(torrent);
  helper.send(encodeHave(0));
  helper.send(UNCHOKE_MESSAGE);
  world.run(200);
  for (const range of [...helper.owed]) helper.sendBlock(range);
  world.run(200);
  assert.deepEqual(news.codes, ['ERR_PIECE_CORRUPT']);
  const again = world.meet(torrent, { host: '10.0.0.66', peerId: new Uint8Array(20).fill(99) });
  assert.ok(!again.closed && again.address.port !== liar.address.port, 'nothing is proven yet');
  for (const range of [...helper.owed]) helper.sendBlock(range);
  world.run(500);
  assert.equal(torrent.had.count, 1);
  assert.ok(again.closed);
  assert.ok(!torrent.swarm.candidates.banned(helper.address));
  assert.deepEqual(news.codes, ['ERR_PIECE_CORRUPT', 'ERR_PEER_CORRUPT']);
  assert.ok(world.meet(torrent, { host: '10.0.0.66' }).closed);
});
