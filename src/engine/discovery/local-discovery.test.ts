// Local discovery: what is said when, and whom of those that are heard we meet.
import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import type { PeerAddress } from '../ports.ts';
import type { Member } from '../session/member.ts';
import {
  LSD_HASHES_PER_MESSAGE,
  LSD_HEARD_PER_SECOND_MAX,
  LSD_INTERVAL_MS,
  LSD_LOOK_MS,
  LSD_PACE_MS,
} from './limits.ts';
import { LocalDiscovery } from './local-discovery.ts';

const NEIGHBOUR = { host: '192.168.1.7', port: 6881 };

function scene(count: number) {
  const clock = new VirtualClock();
  const met: string[] = [];
  const members = Array.from({ length: count }, (_, at) => ({
    infoHash: new Uint8Array(20).fill(at),
    local: true,
    welcoming: true,
    swarm: {
      candidates: { add: (address: PeerAddress, source: string) => met.push(`${source} ${address.host} of ${at}`) > 0 },
    },
  }));
  const said: { port: number; torrents: number[] }[] = [];
  const standing = { listenPort: 6881 };
  const discovery = new LocalDiscovery({
    clock,
    local: {
      announce: (port, infoHashes) => said.push({ port, torrents: infoHashes.map(([first = 0]) => first) }),
    },
    roster: {
      members: () => members as unknown as Iterable<Member>,
      withHash: ([first = 0]) => members[first] as unknown as Member | undefined,
      wake: () => undefined,
    },
    listenPort: () => standing.listenPort,
    dial: () => met.push('dial'),
  });
  /** Lets time pass, tick by tick. */
  const run = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 100, clock.advance(100)) discovery.tick(clock.nowMs());
  };
  return { clock, members, said, standing, discovery, met, run };
}

test('every torrent is told of at once, and again every five minutes', () => {
  const { said, run } = scene(2);
  run(100);
  assert.deepEqual(said, [{ port: 6881, torrents: [0, 1] }]);
  run(LSD_INTERVAL_MS - 1000);
  assert.equal(said.length, 1);
  run(LSD_LOOK_MS + 1000);
  assert.equal(said.length, 2);
});

test('there is one message a minute, whatever there is to say', () => {
  const { said, run } = scene(LSD_HASHES_PER_MESSAGE * 3);
  run(LSD_PACE_MS);
  assert.equal(said.length, 1);
  assert.equal(said[0]!.torrents.length, LSD_HASHES_PER_MESSAGE);
  run(LSD_PACE_MS * 2);
  assert.equal(said.length, 3);
  assert.equal(
    new Set(said.flatMap(({ torrents }) => torrents)).size,
    LSD_HASHES_PER_MESSAGE * 3,
    'nobody is forgotten',
  );
});

test('private torrents, paused ones and clients without a port say nothing', () => {
  const { said, run, members, standing } = scene(2);
  members[0]!.local = false;
  members[1]!.welcoming = false;
  run(5000);
  assert.deepEqual(said, []);
  members[1]!.welcoming = true;
  standing.listenPort = 0;
  run(5000);
  assert.deepEqual(said, []);
  standing.listenPort = 5;
  run(5000);
  assert.deepEqual(said, [{ port: 5, torrents: [1] }]);
});

test('a neighbour is dialled, for torrents that we share and that are not private', () => {
  const { discovery, met, members } = scene(2);
  members[1]!.local = false;
  for (const at of [0, 1, 9]) discovery.neighbour(NEIGHBOUR, new Uint8Array(20).fill(at));
  assert.deepEqual(met, ['lsd 192.168.1.7 of 0', 'dial']);
});

test('a flood of neighbours is cut, and time makes good for it', () => {
  const { discovery, met, clock } = scene(1);
  const flood = (): void => {
    for (let at = 0; at < 10_000; at++) discovery.neighbour(NEIGHBOUR, new Uint8Array(20));
  };
  flood();
  assert.equal(met.length, LSD_HEARD_PER_SECOND_MAX * 2);
  clock.advance(1000);
  flood();
  assert.equal(met.length, LSD_HEARD_PER_SECOND_MAX * 4);
});
