// Everybody chokes us for ever but one, who comes late: whoever waits must still be ready then.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const allChoke: Scenario = {
  name: 'all-choke',
  about: 'every peer that has something chokes; one that does not comes late',
  bounds: { deadlineMs: 1_800_000 },
  set(world) {
    const torrent = aTorrent(world);
    for (let seed = world.between(2, 8); seed > 0; seed--) {
      world.host({ lies: { chokesAll: true } }).share(torrent, 'all');
    }
    leeches(world, torrent, world.between(1, 4));
    world.later(world.between(1000, 300_000), () => world.host().share(torrent, 'all'));
  },
};
