// Packets get lost, connections break and are refused, and the torrent is so small that most of it is endgame.
import type { Scenario } from '../scenario.ts';
import { leeches } from './cast.ts';

export const endgameLoss: Scenario = {
  name: 'endgame-loss',
  about: 'packets and connections are lost while everybody fetches the last blocks',
  bounds: { deadlineMs: 1_800_000, duplicates: 0.6, wasted: 0.6 },
  set(world) {
    const torrent = world.torrent({ totalBytes: world.between(1, 40) * 16_384 - 7, pieceBytes: 32_768 });
    for (let seed = world.between(1, 4); seed > 0; seed--) {
      world.host({ upBytesPerSecond: world.between(20_000, 400_000) }).share(torrent, 'all');
    }
    leeches(world, torrent, world.between(1, 6));
    Object.assign(world.network.troubles, {
      packetLoss: world.random.next() * 0.1,
      breaks: world.random.next() * 0.01,
      refusals: world.random.next() * 0.3,
    });
  },
};
