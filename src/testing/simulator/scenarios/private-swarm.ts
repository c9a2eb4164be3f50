// A private torrent: peers are known from the tracker alone (privacy-watch.ts). Strangers who know the torrent and some of
// its peers come in uninvited: the tracker names them to nobody, and nobody may pass them on or dial them.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const privateSwarm: Scenario = {
  name: 'private-swarm',
  about: 'a private torrent: nobody is told of peers but by the tracker, though strangers come in',
  bounds: { deadlineMs: 900_000, duplicates: 0.3 },
  set(world) {
    const torrent = aTorrent(world, { private: true });
    world.host().share(torrent, 'all');
    const crowd = leeches(world, torrent, world.between(3, 12), { nat: false });
    for (let stranger = world.between(0, 3); stranger > 0; stranger--) {
      const known = crowd.filter(() => world.chance(0.5)).map(({ host }) => host.address);
      const share = world.host().share(torrent, 'nothing', { announces: false });
      share.mustFinish = known.length > 0;
      world.privacy.named(torrent.infoHash, share.host.index, known);
      share.host.session!.dialler.suggest(share.torrent!, known);
    }
  },
};
