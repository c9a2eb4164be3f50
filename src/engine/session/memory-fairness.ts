// Piece memory that a torrent holds and makes nothing of, while another one cannot go on for want of it: half runs whose
// peers have gone, or choke us. They are given up, one at a time, and fetched again when their torrent gets on.
import { IDLE_MEMORY_MS, STARVED_MEMORY_MS } from '../limits.ts';
import { BLOCK_BYTES } from '../torrent/geometry.ts';
import type { Torrent } from '../torrent/torrent.ts';

/** Control tick. Returns whether somebody gave something up. */
export function yieldMemory(torrents: Iterable<Torrent>, nowMs: number): boolean {
  let starved = false;
  let idlest: Torrent | undefined;
  for (const torrent of torrents) {
    const { intake } = torrent;
    const idleMs = nowMs - intake.lastLandedMs;
    if (idleMs < STARVED_MEMORY_MS) continue;
    starved ||= isStarved(torrent);
    if (idleMs < IDLE_MEMORY_MS || intake.download.pieces.empty) continue;
    if (idlest === undefined || intake.lastLandedMs < idlest.intake.lastLandedMs) idlest = torrent;
  }
  if (!starved || idlest === undefined) return false;
  const blocks = idlest.intake.download.pieces.evict();
  idlest.intake.wastedBytes += blocks * BLOCK_BYTES;
  return blocks > 0;
}

/** Memory alone keeps it from asking somebody who would send. */
function isStarved({ intake, swarm, webSeeds }: Torrent): boolean {
  if (!intake.open || intake.lastRefusal !== 'memory') return false;
  for (const peer of swarm.peers())
    if (peer.starving && !peer.chokingUs && !peer.closing && peer.pieces.useful > 0) return true;
  for (const seed of webSeeds.all()) if (seed.starving) return true;
  return false;
}
