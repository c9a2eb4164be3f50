// The network falls in two, the seed on one side, and is whole again after a while.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const partition: Scenario = {
  name: 'partition',
  about: 'the network falls apart for 5 s to 5 min, and heals',
  bounds: { deadlineMs: 2_400_000 },
  set(world) {
    const torrent = aTorrent(world);
    world.host({ upBytesPerSecond: 300_000 }).share(torrent, 'all');
    leeches(world, torrent, world.between(3, 12));
    for (const host of world.hosts) host.side = world.between(0, 1);
    const fromMs = world.between(200, 8000);
    world.later(fromMs, () => world.network.partition());
    world.later(fromMs + world.between(5000, 300_000), () => world.network.heal());
  },
};
