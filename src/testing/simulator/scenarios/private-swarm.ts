// A private torrent: peers are known from the tracker alone. Strangers know the torrent and some peers of it, but the
// tracker does not name them, and nobody may dial them.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const privateSwarm: Scenario = {
  name: 'private-swarm',
  about: 'a private torrent: nobody is told of peers but by the tracker',
  bounds: { deadlineMs: 900_000, duplicates: 0.4 },
  set(world) {
    const torrent = aTorrent(world, { private: true });
    world.host().share(torrent, 'all');
    leeches(world, torrent, world.between(3, 12), { nat: false });
  },
};
