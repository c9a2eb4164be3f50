// Half are ten to fifty times slower than the others.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const slowPeers: Scenario = {
  name: 'slow-peers',
  about: 'half the peers are slow, on the line or on the disk',
  bounds: { deadlineMs: 1_800_000, duplicates: 0.8 },
  set(world) {
    const torrent = aTorrent(world);
    const half = world.between(2, 8);
    world.host().share(torrent, 'all');
    leeches(world, torrent, half);
    for (let slow = 0; slow < half; slow++) {
      const lame = world.chance(0.5)
        ? { upBytesPerSecond: world.between(5000, 40_000), downBytesPerSecond: world.between(20_000, 100_000) }
        : { disk: { latencyMs: 100, bytesPerSecond: world.between(50_000, 400_000) } };
      world.host(lame).share(torrent, world.chance(0.3) ? 'all' : 'nothing');
    }
  },
};
