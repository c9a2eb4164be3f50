// What is held and nothing is made of, while somebody else cannot go on for want of it: half runs of a torrent whose peers
// have gone, or choke us, and blocks that peers have promised and do not send, with the memory for them. They are given up,
// one at a time, and fetched again when their torrent gets on, or at once from somebody else.

import type { Peer } from '../swarm/peer.ts';
import { BLOCK_BYTES } from '../torrent/geometry.ts';
import type { Torrent } from '../torrent/torrent.ts';
import { IDLE_MEMORY_MS, SILENT_MEMORY_MS, SILENT_MEMORY_PACES, STARVED_MEMORY_MS } from './limits.ts';

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

/**
 * Control tick. While a peer that has what we lack is asked for nothing, because others were asked for it already or memory is
 * held by what they were asked for, whoever has been silent longest gives back what he owes, and rests for as long as he let
 * us wait. Others get it then; when all are silent, each has it in turn. Returns whether somebody gave something back.
 */
export function reclaimSilent(torrents: readonly Torrent[], nowMs: number): boolean {
  if (!torrents.some((torrent) => hasPeerInWait(torrent, nowMs))) return false;
  let longestMs = 0;
  let silent: { readonly torrent: Torrent; readonly peer: Peer } | undefined;
  for (const torrent of torrents) {
    for (const peer of torrent.swarm.peers()) {
      const waitedMs = silenceMs(peer, nowMs);
      if (waitedMs <= longestMs) continue;
      longestMs = waitedMs;
      silent = { torrent, peer };
    }
  }
  if (silent === undefined) return false;
  const { torrent, peer } = silent;
  peer.restUntilMs = nowMs + longestMs;
  torrent.relations.snub(peer, nowMs);
  return true;
}

/** Somebody would send and is asked for nothing, or, for want of memory, for less than he sends. */
function hasPeerInWait({ intake, swarm }: Torrent, nowMs: number): boolean {
  if (!intake.open || intake.lastRefusal === 'rate' || intake.lastRefusal === 'disk') return false;
  for (const { starving, chokingUs, closing, pieces, debt, lastBlockMs, restUntilMs } of swarm.peers()) {
    if (!starving || chokingUs || closing || pieces.useful === 0 || nowMs < restUntilMs) continue;
    if (debt.outstanding === 0) return true;
    if (intake.lastRefusal === 'memory' && nowMs - lastBlockMs < STARVED_MEMORY_MS) return true;
  }
  return false;
}

/** How long the peer has kept us waiting for a block, if that is too long for it; 0 otherwise. */
function silenceMs({ debt, closing, lastBlockMs, restUntilMs, pace }: Peer, nowMs: number): number {
  if (debt.outstanding === 0 || closing || nowMs < restUntilMs) return 0;
  const waitedMs = nowMs - lastBlockMs;
  return waitedMs >= Math.max(SILENT_MEMORY_MS, pace.expectedMs(0) * SILENT_MEMORY_PACES) ? waitedMs : 0;
}

/** Memory alone keeps it from asking somebody who would send. */
function isStarved({ intake, swarm, webSeeds }: Torrent): boolean {
  if (!intake.open || intake.lastRefusal !== 'memory') return false;
  for (const peer of swarm.peers())
    if (peer.starving && !peer.chokingUs && !peer.closing && peer.pieces.useful > 0) return true;
  for (const seed of webSeeds.all()) if (seed.starving) return true;
  return false;
}
