// Half of those who have something send rubbish, always or now and then, and some claim what they do not have.
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

export const corruptPeers: Scenario = {
  name: 'corrupt-peers',
  about: 'half the peers send corrupt blocks or claim pieces that they lack',
  bounds: { deadlineMs: 1_800_000, duplicates: 0.4, wasted: 3.5 },
  set(world) {
    const torrent = aTorrent(world);
    const honest = world.between(2, 6);
    world.host().share(torrent, 'all');
    leeches(world, torrent, honest);
    for (let liar = 0; liar < honest; liar++) {
      const kind = world.between(0, 3);
      const share = [0.02, 0.3, 1][world.between(0, 2)]!;
      const lies = kind < 2 ? { corrupts: share } : ({ claimsAll: kind === 2 ? 'rubbish' : 'silence' } as const);
      const part = world.host({ lies }).share(torrent, kind === 0 ? 'all' : 'nothing');
      // Whom all have banned cannot be complete.
      part.mustFinish = false;
    }
  },
};
