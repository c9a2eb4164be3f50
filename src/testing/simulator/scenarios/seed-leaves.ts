// The seed goes when the swarm as a whole has 60 %, and every piece at least once.
import { Bitfield } from '../../../base/bitfield.ts';
import type { Scenario } from '../scenario.ts';
import type { Share } from '../share.ts';
import { aTorrent, leeches } from './cast.ts';

function enough(shares: readonly Share[]): boolean {
  const { pieceCount } = shares[0]!.shared.geometry;
  const together = new Bitfield(pieceCount);
  let had = 0;
  for (const { host, store } of shares) {
    const verified = host.disk.verified(store);
    had += verified.count;
    for (let piece = 0; piece < pieceCount; piece++) if (verified.has(piece)) together.add(piece);
  }
  return together.full && had >= 0.6 * pieceCount * shares.length;
}

export const seedLeaves: Scenario = {
  name: 'seed-leaves',
  about: 'the only seed leaves, in good order or killed, when the swarm has 60 % and every piece',
  bounds: { deadlineMs: 1_200_000, duplicates: 0.4 },
  set(world) {
    const torrent = aTorrent(world);
    const seed = world.host();
    seed.share(torrent, 'all');
    const crowd = leeches(world, torrent, world.between(3, 15));
    const killed = world.chance(0.5);
    world.when(
      () => enough(crowd),
      () => (killed ? seed.crash() : world.leave(seed)),
    );
  },
};
