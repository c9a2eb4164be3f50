// Peers that waste time, slots and connections: what each of them costs, and that it costs nobody else.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import { encodeHandshake } from '../../protocol/wire/handshake.ts';
import * as id from '../../protocol/wire/message-id.ts';
import { encodeReject, encodeRequest } from '../../protocol/wire/message-writer.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { sha1 } from '../../testing/sha1.ts';
import { SimulatedSession } from '../../testing/simulator/simulated-session.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { WANTED_PER_PEER_MAX, WRITE_BEHIND_BYTES } from '../limits.ts';
import { SlotLedger } from '../memory/slot-ledger.ts';
import { PRIORITY_NORMAL } from '../picker/piece-picker.ts';
import { type LinkId, OUTCOME_RETURNED, type PeerPort, READ_TICKET, REQUEST_STRIDE } from '../ports.ts';
import { MESSAGES_BURST_MAX } from '../swarm/limits.ts';
import { BLOCK_BYTES, Geometry } from '../torrent/geometry.ts';
import { Session } from './session.ts';

const INFO_HASH = new Uint8Array(20).fill(7);
const PIECES = 8;
const NOTHING = new Uint8Array(0);

/** A session with one torrent, and a network that notes what it is told. Revoked places come back at `deliver`. */
class Scene {
  readonly clock = new VirtualClock();
  readonly requests: { link: LinkId; piece: number; begin: number }[] = [];
  readonly closed: LinkId[] = [];
  readonly dialled: LinkId[] = [];
  readonly sent: { link: LinkId; id: number }[] = [];
  readonly reads: number[] = [];
  readonly session: Session;
  readonly #held = new Map<string, number[]>();
  #returned: number[] = [];

  constructor(seeding: boolean) {
    const nothing = (): void => undefined;
    const peers: PeerPort = {
      connect: (link) => void this.dialled.push(link),
      share: nothing,
      unshare: nothing,
      send: (link, bytes) => void this.sent.push({ link, id: bytes[4] ?? -1 }),
      limitMessages: nothing,
      request: (link, batch, count) => this.#expect(link, batch, count),
      revoke: (link, piece, begin) => this.#revoke(`${link}|${piece}|${begin}`),
      revokeAll: (link) => {
        for (const key of [...this.#held.keys()]) if (key.startsWith(`${link}|`)) this.#revoke(key);
      },
      serve: nothing,
      move: nothing,
      close: (link) => void this.closed.push(link),
    };
    this.session = new Session({
      clock: this.clock,
      random: new SeededRandom(1),
      ledger: new SlotLedger(256),
      peers,
      storage: {
        storeRuns: nothing,
        forgetPiece: nothing,
        readBlocks: (batch) => void this.reads.push(batch[READ_TICKET]!),
      },
      trackers: { announce: nothing, cancel: nothing },
      peerId: new Uint8Array(20).fill(200),
      clientName: 'test',
      peersMax: 100,
      listenPort: () => 6881,
      pex: true,
      sha1,
      writeBehindBytes: WRITE_BEHIND_BYTES,
    });
    const geometry = new Geometry(PIECES * 4 * BLOCK_BYTES, 4 * BLOCK_BYTES);
    const had = new Bitfield(PIECES);
    if (seeding) had.fill();
    const spec = {
      infoHash: INFO_HASH,
      geometry,
      store: 0,
      had,
      priorities: new Uint8Array(PIECES).fill(PRIORITY_NORMAL),
      sequential: false,
      tiers: [],
      seed: true,
      private: false,
    };
    const observer = {
      phaseChanged: nothing,
      pieceVerified: nothing,
      warned: nothing,
      failed: nothing,
      goalReached: nothing,
    };
    this.session.add(spec, observer).dispatch({ type: 'resume' });
  }

  /** An incoming peer of its own host, with handshakes done. */
  meet(link: LinkId, host: string = `10.0.0.${link}`): void {
    this.session.incoming(link, { host, port: 1000 + link });
    if (!this.closed.includes(link)) this.shake(link);
  }

  shake(link: LinkId): void {
    const peerId = new Uint8Array(20).fill(link);
    this.session.handshake(
      link,
      encodeHandshake({ infoHash: INFO_HASH, peerId, extensions: false, fast: true, dht: false }),
    );
  }

  say(link: LinkId, messageId: number, payload: Uint8Array = NOTHING): void {
    this.session.message(link, messageId, payload);
  }

  /** Hands over the places that were given back, as the host does after the call that made it. */
  deliver(): void {
    const batch = Int32Array.from(this.#returned);
    this.#returned = [];
    if (batch.length > 0) this.session.blocks(batch, batch.length / 5);
  }

  tick(ms = 100): void {
    this.clock.advance(ms);
    this.session.tick();
  }

  #expect(link: LinkId, batch: Int32Array, count: number): void {
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      const [piece, begin, length] = [batch[at]!, batch[at + 1]!, batch[at + 2]!];
      this.requests.push({ link, piece, begin });
      this.#held.set(`${link}|${piece}|${begin}`, [link, piece, begin, length, OUTCOME_RETURNED]);
    }
  }

  #revoke(key: string): void {
    this.#returned.push(...(this.#held.get(key) ?? []));
    this.#held.delete(key);
  }
}

/** Rejects all that was asked, round after round; returns how often it was asked within `rounds`. */
function rejectAll(scene: Scene, rounds: number): number {
  for (let round = 0; round < rounds; round++) {
    for (const { link, piece, begin } of scene.requests.splice(0)) {
      scene.say(link, id.REJECT, encodeReject({ piece, begin, length: BLOCK_BYTES }).subarray(5));
    }
    scene.deliver();
    if (scene.requests.length === 0) return round;
  }
  return rounds;
}

test('a peer that rejects everything is asked again after a pause, not in a loop', () => {
  const scene = new Scene(false);
  scene.meet(1);
  scene.say(1, id.HAVE_ALL);
  scene.say(1, id.UNCHOKE);
  assert.equal(rejectAll(scene, 100) <= 1, true, 'the loop ends after one round');
  let asked = 0;
  for (let ticks = 0; ticks < 600; ticks++) {
    scene.tick();
    if (scene.requests.length > 0) asked++;
    rejectAll(scene, 100);
  }
  assert.equal(asked >= 5 && asked <= 20, true, `asked ${asked} times in a minute`);
});

test('a peer that chokes and unchokes in a loop is not asked in one', () => {
  const scene = new Scene(false);
  scene.meet(1);
  scene.say(1, id.HAVE_ALL);
  for (let round = 0; round < 100; round++) {
    scene.say(1, id.UNCHOKE);
    scene.say(1, id.CHOKE);
    scene.deliver();
  }
  assert.equal(scene.requests.length <= PIECES * 4, true, `${scene.requests.length} requests for ${PIECES * 4} blocks`);
});

test('blocks that are rejected do not count against the download limit', () => {
  const scene = new Scene(false);
  scene.session.downloadLimit.setRate(16 * BLOCK_BYTES);
  scene.clock.advance(1);
  scene.session.downloadLimit.available(scene.clock.nowMs());
  scene.clock.advance(1000);
  scene.meet(1);
  scene.say(1, id.HAVE_ALL);
  scene.say(1, id.UNCHOKE);
  const before = scene.requests.length;
  assert.equal(before > 0, true);
  rejectAll(scene, 1);
  // A quarter of a second's worth was saved up; the messages themselves do count.
  const saved = scene.session.downloadLimit.available(scene.clock.nowMs());
  assert.equal(saved <= 4 * BLOCK_BYTES && saved > 4 * BLOCK_BYTES - 100, true, `${saved}`);
});

test('a seeder sends other seeders away: the slot is for those who want something', () => {
  const scene = new Scene(true);
  scene.meet(1);
  scene.meet(3);
  scene.say(1, id.HAVE_ALL);
  scene.say(3, id.HAVE_NONE);
  assert.deepEqual(scene.closed, [1]);
});

test('one host cannot take every incoming slot', () => {
  const scene = new Scene(true);
  for (let link = 1; link < 60; link += 2) scene.meet(link, '10.9.9.9');
  scene.meet(61, '10.1.1.1');
  assert.equal(scene.closed.length, 30 - 8);
  assert.equal(scene.closed.includes(61), false);
});

test('one client may share many torrents with us: a link for each', () => {
  const world = new SimulatedSession();
  const torrents = Array.from({ length: 12 }, () => world.add(BLOCK_BYTES, BLOCK_BYTES).torrent);
  const links = torrents.map((torrent) => {
    torrent.dispatch({ type: 'resume' });
    return world.meet(torrent, { host: '10.9.9.9' });
  });
  assert.ok(links.every(({ closed }) => !closed));
});

test('torrents take turns under a rate limit: after a while all have had the same', () => {
  const world = new SimulatedSession();
  world.session.downloadLimit.setRate(BLOCK_BYTES * 40);
  const torrents = Array.from({ length: 10 }, (_, index) => {
    const { torrent } = world.add(BLOCK_BYTES * 400, BLOCK_BYTES);
    torrent.dispatch({ type: 'resume' });
    world.addSeed(torrent, `10.0.0.${index + 1}`);
    return torrent;
  });
  world.run(30_000);
  const blocks = torrents.map(({ intake }) => intake.rate.totalBytes / BLOCK_BYTES);
  const [least, most] = [Math.min(...blocks), Math.max(...blocks)];
  // 120 for each of the ten: random turns would leave some with twice as much as others.
  assert.ok(least > 100 && most < 140, `${blocks}`);
});

test('a peer without a slot that flaps its interest does not hurry the choker', () => {
  const scene = new Scene(false);
  const links = Array.from({ length: 20 }, (_, index) => 1 + 2 * index);
  for (const link of links) {
    scene.meet(link, `10.3.0.${link}`);
    scene.say(link, id.INTERESTED);
  }
  scene.tick();
  const unchoked = scene.sent.filter((each) => each.id === id.UNCHOKE).map((each) => each.link);
  const [flapper, giver] = links.filter((link) => !unchoked.includes(link));
  scene.clock.advance(5000);
  scene.sent.length = 0;
  const [torrent] = scene.session.torrents;
  for (let round = 0; round < 20; round++) {
    // Whoever decides now would give this one a slot, and take another's.
    torrent!.swarm.get(giver!)!.download.add(10_000_000);
    scene.say(flapper!, id.NOT_INTERESTED);
    scene.say(flapper!, id.INTERESTED);
    scene.tick();
  }
  const decisions = scene.sent.filter((each) => each.id === id.CHOKE || each.id === id.UNCHOKE);
  assert.deepEqual(decisions, []);
});

test('an address that only ever takes the handshake and hangs up is dialled ever more rarely', () => {
  const scene = new Scene(false);
  const [torrent] = scene.session.torrents;
  torrent!.swarm.candidates.add({ host: '10.2.2.2', port: 6881 }, 'tracker');
  let handled = 0;
  for (let seconds = 0; seconds < 300; seconds++) {
    scene.tick(1000);
    for (; handled < scene.dialled.length; handled++) {
      const link = scene.dialled[handled]!;
      scene.session.connected(link);
      scene.shake(link);
      scene.session.closed(link, { code: 'ECONNRESET', message: 'reset' });
    }
  }
  assert.equal(scene.dialled.length <= 10, true, `dialled ${scene.dialled.length} times in five minutes`);
});

test('a peer that never takes the blocks it asked for does not hold their memory for ever', () => {
  const scene = new Scene(true);
  scene.meet(1);
  scene.say(1, id.INTERESTED);
  scene.tick();
  scene.say(1, id.REQUEST, encodeRequest({ piece: 0, begin: 0, length: BLOCK_BYTES }).subarray(5));
  scene.session.messagesDone(1);
  scene.session.blocksRead(Int32Array.of(0, scene.reads[0]!, 1), 1);
  for (let seconds = 0; seconds < 110; seconds++) {
    scene.tick(1000);
    scene.say(1, id.INTERESTED);
  }
  assert.deepEqual(scene.closed, [], 'slow is not stalled');
  for (let seconds = 0; seconds < 20; seconds++) {
    scene.tick(1000);
    scene.say(1, id.INTERESTED);
  }
  assert.deepEqual(scene.closed, [1]);
});

test('of ten thousand requests at once as many wait as we announced, and each of the others is refused', () => {
  const scene = new Scene(true);
  scene.meet(1);
  scene.say(1, id.INTERESTED);
  scene.tick();
  scene.sent.length = 0;
  // Nothing comes from the disk, so nothing leaves the queue.
  const asked = Int32Array.from({ length: 3 * 10_000 }, (_, at) => (at % 3 === 2 ? BLOCK_BYTES : 0));
  scene.session.requests(1, asked, 10_000);
  const refused = scene.sent.filter((each) => each.link === 1 && each.id === id.REJECT).length;
  assert.equal(refused, 10_000 - WANTED_PER_PEER_MAX);
});

/** How often the peer said it before it was shown out, without a tick in between; at most `most` times. */
function saysUntilShownOut(messageId: number, payload: Uint8Array, most: number): number {
  const scene = new Scene(false);
  scene.meet(1);
  for (let said = 0; said < most; said++) {
    if (scene.closed.includes(1)) return said;
    scene.say(1, messageId, payload);
  }
  return most;
}

test('who says the same thing without end is shown out with the very message that is too much, and banned', () => {
  const most = 2 * MESSAGES_BURST_MAX;
  const names = Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`x_${at}`, at % 200]));
  const handshake = Uint8Array.of(0, ...encodeBencode({ m: names }));
  assert.ok(saysUntilShownOut(id.EXTENDED, handshake, most) < 20, 'trees of names cost most');
  assert.ok(saysUntilShownOut(id.EXTENDED, Uint8Array.of(200), most) < most / 4);
  assert.ok(saysUntilShownOut(99, NOTHING, most) < most, 'what nobody knows costs, too');
  assert.ok(saysUntilShownOut(id.CHOKE, NOTHING, most) < most);
  const scene = new Scene(false);
  scene.meet(1, '10.9.9.9');
  for (let said = 0; said < most; said++) scene.say(1, id.CHOKE);
  scene.meet(3, '10.9.9.9');
  assert.ok(scene.closed.includes(3), 'it does not come back for more');
});

test('what an honest peer says in an hour costs it nothing', () => {
  const scene = new Scene(false);
  scene.meet(1);
  const handshake = Uint8Array.of(0, ...encodeBencode({ m: { ut_pex: 1 } }));
  for (let second = 0; second < 3600; second++) {
    for (let piece = 0; piece < 50; piece++) scene.say(1, id.HAVE, Uint8Array.of(0, 0, 0, piece % PIECES));
    scene.say(1, id.EXTENDED, handshake);
    scene.tick(1000);
  }
  assert.deepEqual(scene.closed, []);
});
