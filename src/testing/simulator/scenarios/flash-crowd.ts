// One seed, and everybody comes at once.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const flashCrowd: Scenario = {
  name: 'flash-crowd',
  about: 'one seed, 5 to 30 leeches at once',
  bounds: { deadlineMs: 900_000, fairness: 0.5, duplicates: 0.4 },
  set(world) {
    const torrent = aTorrent(world);
    world.host().share(torrent, 'all');
    leeches(world, torrent, world.between(5, 30));
  },
};

export const flashCrowd200: Scenario = {
  name: 'flash-crowd-200',
  about: 'one seed, 200 leeches at once',
  weight: 0.01,
  bounds: { deadlineMs: 900_000, fairness: 0.5, duplicates: 0.4 },
  set(world) {
    const torrent = world.torrent({ totalBytes: 4 * 1024 * 1024, pieceBytes: 65_536 });
    world.host({ upBytesPerSecond: 2_000_000 }).share(torrent, 'all');
    leeches(world, torrent, 200, { peersMax: 25, frames: 64 });
  },
};
