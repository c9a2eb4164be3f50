// The slots of a session under everything that peers can do: a model-based test over several torrents.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { jainIndex } from '../../testing/simulator/jain-index.ts';
import { TICK_MS } from '../limits.ts';
import type { LinkId } from '../ports.ts';
import { type ChokeDecision, Choker, type ChokerPeer } from './choker.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS, UPLOAD_SLOTS_MAX } from './limits.ts';
import { type SlotUser, UploadSlots } from './upload-slots.ts';

type ModelPeer = { -readonly [Key in keyof ChokerPeer]: ChokerPeer[Key] };

/** A torrent that does what it is told and checks that it makes sense. */
class ModelTorrent implements SlotUser {
  readonly choker: Choker;
  readonly peers = new Map<LinkId, ModelPeer>();
  /** When each was last let in, and how many were in with it. */
  readonly #entries = new Map<LinkId, { ms: number; held: number; slots: number; excused: boolean }>();
  /** Choked within a round of being let in. */
  readonly #hasty: LinkId[] = [];
  seeding = false;
  readonly world: World;

  constructor(world: World, seed: number) {
    this.world = world;
    this.choker = new Choker(new SeededRandom(seed));
  }

  chokerPeers(): ChokerPeer[] {
    return [...this.peers.values()].map((peer) => ({ ...peer }));
  }

  choke({ choke }: ChokeDecision): void {
    for (const link of choke) {
      const entry = this.#entries.get(link);
      if (entry !== undefined && this.world.nowMs - entry.ms < CHOKE_INTERVAL_MS) this.#hasty.push(link);
      this.#turn(link, false);
    }
  }

  unchoke({ unchoke }: ChokeDecision): void {
    for (const link of unchoke) this.#turn(link, true);
    assert.ok(this.world.unchoked <= this.world.slots.count, 'no more are unchoked than there are slots');
    const held = this.#held;
    for (const link of this.#hasty.splice(0)) {
      const entry = this.#entries.get(link)!;
      const fewer = held < entry.held || this.world.slots.count < entry.slots;
      assert.ok(entry.excused || fewer, 'nobody who uses a slot loses it to another sooner than a round after');
    }
    for (const link of unchoke) {
      this.#entries.set(link, { ms: this.world.nowMs, held, slots: this.world.slots.count, excused: false });
    }
    this.excuse();
  }

  /** Who has no use for its slot, or gives nothing in return for it, may lose it at any time. */
  excuse(): void {
    for (const [link, entry] of this.#entries) {
      const peer = this.peers.get(link);
      if (peer === undefined || !peer.interested || peer.snubbed) entry.excused = true;
    }
  }

  get #held(): number {
    return [...this.peers.values()].filter((peer) => peer.unchoked).length;
  }

  #turn(link: LinkId, unchoked: boolean): void {
    const peer = this.peers.get(link)!;
    assert.notEqual(peer.unchoked, unchoked, 'only a change is told');
    peer.unchoked = unchoked;
    const key = `${link}`;
    const last = this.world.turned.get(key);
    if (last !== undefined && unchoked) {
      assert.ok(
        this.world.nowMs - last >= CHOKE_INTERVAL_MS,
        'nobody is let in sooner than a round after being choked',
      );
    }
    if (!unchoked) this.world.turned.set(key, this.world.nowMs);
    if (unchoked) this.world.served.add(link);
  }
}

class World {
  readonly slots: UploadSlots;
  readonly torrents: ModelTorrent[] = [];
  readonly turned = new Map<string, number>();
  readonly served = new Set<LinkId>();
  nowMs = 0;
  nextLink = 1;

  constructor(torrents: number, seed: number) {
    this.slots = new UploadSlots(new SeededRandom(seed));
    for (let at = 0; at < torrents; at++) this.torrents.push(new ModelTorrent(this, seed + at));
  }

  get peers(): ModelPeer[] {
    return this.torrents.flatMap(({ peers }) => [...peers.values()]);
  }

  get unchoked(): number {
    return this.peers.filter((peer) => peer.unchoked).length;
  }

  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += TICK_MS) {
      this.slots.tick(this.torrents, 0, this.nowMs);
    }
  }

  join(torrent: ModelTorrent): ModelPeer {
    const peer = {
      link: this.nextLink++,
      interested: false,
      unchoked: false,
      snubbed: false,
      downloadBytesPerSecond: 0,
      uploadBytesPerSecond: 0,
      connectedMs: this.nowMs,
    };
    torrent.peers.set(peer.link, peer);
    return peer;
  }
}

type Step = (world: World) => void;

/** A peer by any number, so that steps stay valid however a failing run is shrunk. */
function withPeer(world: World, pick: number, act: (peer: ModelPeer, torrent: ModelTorrent) => void): void {
  const all = world.torrents.flatMap((torrent) => [...torrent.peers.values()].map((peer) => ({ peer, torrent })));
  const chosen = all[pick % Math.max(1, all.length)];
  if (chosen !== undefined) act(chosen.peer, chosen.torrent);
}

class StepCommand implements fc.Command<object, World> {
  readonly name: string;
  readonly step: Step;

  constructor(name: string, step: Step) {
    this.name = name;
    this.step = step;
  }

  check(): boolean {
    return true;
  }

  run(_model: object, world: World): void {
    this.step(world);
    for (const torrent of world.torrents) torrent.excuse();
    assert.ok(world.unchoked <= world.slots.count, 'slots are never exceeded');
    assert.ok(world.slots.count <= UPLOAD_SLOTS_MAX);
  }

  toString(): string {
    return this.name;
  }
}

const commands = [
  fc
    .nat(5)
    .map((at) => new StepCommand(`join ${at}`, (world) => world.join(world.torrents[at % world.torrents.length]!))),
  fc.nat().map(
    (pick) =>
      new StepCommand(`leave ${pick}`, (world) =>
        withPeer(world, pick, (peer, torrent) => {
          torrent.peers.delete(peer.link);
          if (peer.unchoked) world.slots.hurry();
        }),
      ),
  ),
  fc.tuple(fc.nat(), fc.boolean()).map(
    ([pick, interested]) =>
      new StepCommand(`interest ${pick} ${interested}`, (world) =>
        withPeer(world, pick, (peer) => {
          peer.interested = interested;
          world.slots.hurry();
        }),
      ),
  ),
  fc.tuple(fc.nat(), fc.nat(2_000_000), fc.nat(2_000_000), fc.boolean()).map(
    ([pick, down, up, snubbed]) =>
      new StepCommand(`rates ${pick} ${down} ${up} ${snubbed}`, (world) =>
        withPeer(world, pick, (peer) => {
          peer.downloadBytesPerSecond = snubbed ? 0 : down;
          peer.uploadBytesPerSecond = peer.unchoked ? up : 0;
          peer.snubbed = snubbed;
        }),
      ),
  ),
  fc.nat(5).map(
    (at) =>
      new StepCommand(`phase ${at}`, (world) => {
        const torrent = world.torrents[at % world.torrents.length]!;
        torrent.seeding = !torrent.seeding;
      }),
  ),
  fc
    .integer({ min: 1, max: 300 })
    .map((ticks) => new StepCommand(`pass ${ticks}`, (world) => world.pass(ticks * TICK_MS))),
];

test('model: slots are never exceeded, nobody flutters, and whoever asks for long enough is let in', () => {
  fc.assert(
    fc.property(
      fc.commands(commands, { maxCommands: 120, size: 'max' }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(),
      (steps, torrents, seed) => {
        fc.modelRun(() => ({ model: {}, real: new World(torrents, seed) }), steps);
      },
    ),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      fc.nat(),
      (torrents, count, seeding, seed) => {
        const world = new World(torrents, seed);
        for (const torrent of world.torrents) torrent.seeding = seeding;
        for (let at = 0; at < count; at++) {
          const peer = world.join(world.torrents[at % torrents]!);
          peer.interested = true;
          peer.downloadBytesPerSecond = at * 1000;
        }
        world.slots.hurry();
        world.pass(count * OPTIMISTIC_INTERVAL_MS * 4);
        assert.equal(world.served.size, count, 'everybody had a turn');
      },
    ),
    { numRuns: 30 },
  );
});

test('model: in a crowd nobody who was let in is put out again within a round, whoever comes or gives more', () => {
  const moves = fc.oneof(
    fc.record({ kind: fc.constant('rate' as const), pick: fc.nat(), rate: fc.nat(2_000_000) }),
    fc.record({ kind: fc.constant('leave' as const), pick: fc.nat(), rate: fc.constant(0) }),
    fc.record({ kind: fc.constant('pass' as const), pick: fc.integer({ min: 1, max: 60 }), rate: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(moves, { minLength: 40, maxLength: 120 }), fc.boolean(), fc.nat(), (steps, seeding, seed) => {
      const world = new World(1, seed);
      const torrent = world.torrents[0]!;
      torrent.seeding = seeding;
      const crowd = () => {
        while (torrent.peers.size < 40) world.join(torrent).interested = true;
      };
      crowd();
      for (const { kind, pick, rate } of steps) {
        if (kind === 'pass') world.pass(pick * TICK_MS);
        const served = [...torrent.peers.values()].filter((peer) => peer.unchoked);
        if (kind === 'rate') withPeer(world, pick, (peer) => (peer.downloadBytesPerSecond = rate));
        if (kind === 'leave' && served.length > 0) {
          torrent.peers.delete(served[pick % served.length]!.link);
          world.slots.hurry();
          crowd();
        }
      }
    }),
    { numRuns: 100 },
  );
});

/** Lets time pass and adds up, for each torrent, the peer-seconds that it was served, and was served on spec. */
function watch(world: World, ms: number): { served: number[]; onSpec: number[] } {
  const served = world.torrents.map(() => 0);
  const onSpec = world.torrents.map(() => 0);
  for (const endMs = world.nowMs + ms; world.nowMs < endMs; ) {
    world.pass(1000);
    for (const [at, { peers, choker }] of world.torrents.entries()) {
      for (const peer of peers.values()) {
        if (peer.unchoked) served[at]!++;
        if (choker.isOptimistic(peer.link)) onSpec[at]!++;
      }
    }
  }
  return { served, onSpec };
}

test('more torrents than slots take turns, and all get the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 9, max: 40 }), fc.boolean(), fc.nat(), (torrents, seeding, seed) => {
      const world = new World(torrents, seed);
      for (const torrent of world.torrents) {
        torrent.seeding = seeding;
        for (let peers = 0; peers < 3; peers++) {
          Object.assign(world.join(torrent), { interested: true, downloadBytesPerSecond: peers });
        }
      }
      // A slot carries nothing here, so the tuner takes them away down to the least; that is soon over.
      world.pass(10 * CHOKE_INTERVAL_MS);
      const { served } = watch(world, torrents * OPTIMISTIC_INTERVAL_MS);
      assert.ok(jainIndex(served) > 0.95, `${served}`);
      assert.ok(Math.min(...served) > 0);
    }),
    { numRuns: 20 },
  );
});

test('slots that are given on spec go round the torrents, and each keeps some for those who give', () => {
  const world = new World(4, 3);
  for (const torrent of world.torrents) {
    for (let peers = 0; peers < 5; peers++) {
      Object.assign(world.join(torrent), { interested: true, downloadBytesPerSecond: 1000 * (peers + 1) });
    }
  }
  world.pass(10 * CHOKE_INTERVAL_MS);
  assert.equal(world.slots.count, 4);
  const { served, onSpec } = watch(world, 40 * OPTIMISTIC_INTERVAL_MS);
  const seconds = (40 * OPTIMISTIC_INTERVAL_MS) / 1000;
  assert.deepEqual(served, [seconds, seconds, seconds, seconds]);
  assert.ok(jainIndex(onSpec) > 0.99, `${onSpec}`);
  assert.ok(Math.abs(onSpec.reduce((sum, part) => sum + part, 0) - seconds) < 60, 'one of the four is given on spec');
});

test('a slot that becomes free goes to a torrent that has had none, not to the first', () => {
  const world = new World(12, 5);
  for (const torrent of world.torrents) world.join(torrent).interested = true;
  world.pass(1000);
  const torrentOf = (unchoked: boolean) =>
    world.torrents.filter(({ peers }) => [...peers.values()].some((peer) => peer.unchoked === unchoked));
  const starved = torrentOf(false);
  assert.equal(starved.length, 4);
  // Again and again somebody who is served leaves, and another peer of the same torrent comes.
  for (const _ of starved) {
    const torrent = torrentOf(true).find((other) => !starved.includes(other))!;
    for (const peer of torrent.peers.values()) if (peer.unchoked) torrent.peers.delete(peer.link);
    world.join(torrent).interested = true;
    world.slots.hurry();
    world.pass(TICK_MS);
  }
  for (const torrent of starved) assert.ok(torrentOf(true).includes(torrent));
});
