// Everybody but one seed comes by a magnet link, and half of those who have the metadata lie about it.
import type { MetadataLie } from '../metadata-lies.ts';
import type { Scenario } from '../scenario.ts';
import { aTorrent, leeches } from './cast.ts';

const LIES: readonly MetadataLie[] = ['rubbish', 'silence', 'refusal', 'longer', 'shorter'];

export const metadataLiars: Scenario = {
  name: 'metadata-liars',
  about: 'leeches come by a magnet link, and up to two thirds of those who know the torrent lie about its metadata',
  bounds: { deadlineMs: 900_000, duplicates: 0.4 },
  set(world) {
    const torrent = aTorrent(world, { metadataBytes: world.between(400, 120_000) });
    const honest = world.between(1, 3);
    for (let seed = 0; seed < honest; seed++) world.host().share(torrent, 'all');
    for (let liar = world.between(1, honest * 2); liar > 0; liar--) {
      world.host({ lies: { metadata: LIES[world.between(0, LIES.length - 1)]! } }).share(torrent, 'all');
    }
    leeches(world, torrent, world.between(2, 10), { ways: { magnet: true } });
  },
};
