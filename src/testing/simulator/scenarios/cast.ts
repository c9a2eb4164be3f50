// Who plays in most scenarios: a torrent and leeches of sizes that the seed draws.
import { RUN_BLOCKS } from '../../../engine/torrent/geometry.ts';
import type { HostTraits } from '../host-options.ts';
import type { Share, ShareWays } from '../share.ts';
import type { SharedTorrent, TorrentShape } from '../shared-torrent.ts';
import type { World } from '../world.ts';

const PIECE_BYTES = [16_384, 32_768, 65_536, 262_144, 1_310_720] as const;

/** A torrent of 0.5 to 4 MiB with a short last piece; now and then one of several runs a piece. */
export function aTorrent(world: World, facts: Partial<TorrentShape> = {}): SharedTorrent {
  const pieceBytes = PIECE_BYTES[world.between(0, world.chance(0.1) ? 4 : 3)]!;
  const totalBytes = Math.max(pieceBytes + 1, world.between(500_000, 4_000_000));
  return world.torrent({ totalBytes, pieceBytes, ...facts });
}

/** What is usual for all of them: as hosts, and in how they come to the torrent. */
type LeechTraits = HostTraits & { readonly ways?: ShareWays };

/** Leeches that come within a second. Some sit behind a router. */
export function leeches(world: World, torrent: SharedTorrent, count: number, facts: LeechTraits = {}): Share[] {
  const { ways, ...traits } = facts;
  // Four runs are the least that the client accepts as piece memory.
  const least = 4 * 2 ** Math.ceil(Math.log2(Math.min(RUN_BLOCKS, torrent.geometry.blocksPerPiece)));
  return Array.from({ length: count }, () => {
    const frames = Math.max(16, least) + world.between(0, 128);
    const drawn = { delayMs: world.between(1, 80), nat: world.chance(0.3), frames };
    return world.host({ ...drawn, ...traits }).share(torrent, 'nothing', ways);
  });
}
