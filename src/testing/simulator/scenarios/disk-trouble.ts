// Disks fill up and are freed again, fail now and then, take half of what they are given, and rot.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const diskFull: Scenario = {
  name: 'disk-full',
  about: 'disks fill up half-way and are freed 1 s to 60 s later',
  bounds: { deadlineMs: 1_800_000, duplicates: 0.3 },
  set(world) {
    const torrent = aTorrent(world);
    world.host().share(torrent, 'all');
    for (const { host } of leeches(world, torrent, world.between(2, 8))) {
      if (world.chance(0.3)) continue;
      host.disk.habits.capacityBytes = Math.floor(torrent.geometry.totalBytes * world.random.next());
      world.later(world.between(1000, 60_000), () => {
        host.disk.habits.capacityBytes = Number.POSITIVE_INFINITY;
      });
    }
  },
};

export const badDisks: Scenario = {
  name: 'bad-disks',
  about: 'disks fail (EIO), write short and rot now and then',
  bounds: { deadlineMs: 2_400_000, wasted: 3 },
  set(world) {
    const torrent = aTorrent(world);
    world.host().share(torrent, 'all');
    leeches(world, torrent, world.between(2, 8), { disk: { failures: 0.02, shortWrites: 0.2, latencyMs: 10 } });
    // A seed whose disk rots sends what it does not know to be wrong.
    world.host({ disk: { rots: 0.05 } }).share(torrent, 'all');
  },
};
