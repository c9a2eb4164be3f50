// Who holds a place and makes nothing of it: connected, perhaps interested, and never a byte. The first to go when somebody
// else wants in, whatever its address. Pure; taken note of on the control tick.
import { PLACE_HOPE_MS, PLACE_IDLE_MS, SLOT_UNUSED_MS } from './limits.ts';
import type { Peer } from './peer.ts';

/** Bytes of blocks that went between us and the peer. */
function tradedBytes(peer: Peer): number {
  return peer.download.totalBytes + peer.upload.totalBytes;
}

/** Control tick of one peer: who trades, or waits for what we owe it, is not idle. */
export function noteUse(peer: Peer, nowMs: number): void {
  if (!peer.ready) return;
  const traded = tradedBytes(peer);
  if (traded !== peer.tradedBytes) peer.declinedSlot = false;
  if (peer.weChoke) peer.chokedMs = nowMs;
  // A slot that it was given and asked nothing for all the time: from then on its interest is no excuse. Who has used it may be
  // waiting for what others owe him.
  const unused = peer.interestedInUs && peer.idleSinceMs <= peer.chokedMs;
  if (unused && nowMs - peer.chokedMs >= SLOT_UNUSED_MS) peer.declinedSlot = true;
  if (traded === peer.tradedBytes && !waitsForUs(peer) && peer.idleSinceMs !== Number.POSITIVE_INFINITY) return;
  peer.tradedBytes = traded;
  peer.idleSinceMs = nowMs;
}

/** Since so long the peer has made nothing of its place, and we have no more patience with it. */
export function wastesPlace(peer: Peer, nowMs: number): boolean {
  if (!peer.ready || peer.closing) return false;
  // Whoever has something for us may yet give it, and who has traded may do so again.
  const hopeful = peer.weAreInterested || peer.tradedBytes > 0;
  return nowMs - peer.idleSinceMs >= (hopeful ? PLACE_HOPE_MS : PLACE_IDLE_MS);
}

/** Which of two who waste their places goes first: less traded, then longer idle. */
export function isWorthLess(a: Peer, b: Peer): boolean {
  const difference = tradedBytes(a) - tradedBytes(b);
  return difference === 0 ? a.idleSinceMs < b.idleSinceMs : difference < 0;
}

function waitsForUs(peer: Peer): boolean {
  if (peer.uploads.wanted.count > 0 || peer.uploads.blocksInFlight > 0) return true;
  return peer.interestedInUs && peer.weChoke && !peer.declinedSlot;
}
