// How long a peer may be silent, slow or stuck. Looked at on the control tick, peer by peer; pure.
import { CONNECT_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS, PINNED_PLACE_GRACE_MS, REQUEST_TIMEOUT_MS } from '../limits.ts';
import { KEEP_ALIVE_MS, MID_BLOCK_GRACE_MS, SILENCE_MS, UPLOAD_STALL_MS } from './limits.ts';
import type { Peer } from './peer.ts';

/** What is to be done about a peer. */
export type Verdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'keep-alive' }
  /** It owes blocks and sends none: what it owes is taken back, and it gets one request at a time. */
  | { readonly kind: 'snub' }
  | { readonly kind: 'drop'; readonly code: string; readonly message: string };

const FINE: Verdict = { kind: 'fine' };
const KEEP_ALIVE: Verdict = { kind: 'keep-alive' };
const SNUB: Verdict = { kind: 'snub' };

/** Judges one peer. `pinsWantedPlace`: another peer sent a block already whose place this one still holds. */
export function judge(peer: Peer, nowMs: number, pinsWantedPlace: boolean): Verdict {
  if (!peer.ready) return judgeNewcomer(peer, nowMs);
  const lastHeardMs = Math.max(peer.lastMessageMs, peer.lastBlockMs);
  if (nowMs - lastHeardMs > SILENCE_MS) return drop('ERR_PEER_SILENT', 'has been silent for too long');
  if (peer.uploads.blocksInFlight > 0 && nowMs - peer.lastTakenMs > UPLOAD_STALL_MS) {
    return drop('ERR_PEER_STALLED', 'does not take the blocks that it asked for');
  }
  if (peer.debt.outstanding > 0) {
    const waitedMs = nowMs - peer.lastBlockMs;
    if (pinsWantedPlace && waitedMs > PINNED_PLACE_GRACE_MS) return drop('ERR_PEER_STALLED', 'stalled inside a block');
    if (
      peer.snubbed &&
      nowMs - peer.snubbedMs > MID_BLOCK_GRACE_MS &&
      waitedMs > MID_BLOCK_GRACE_MS + REQUEST_TIMEOUT_MS
    ) {
      return drop('ERR_PEER_STALLED', 'stalled inside a block');
    }
    if (!peer.snubbed && waitedMs > REQUEST_TIMEOUT_MS) return SNUB;
  }
  return nowMs - peer.lastSentMs > KEEP_ALIVE_MS ? KEEP_ALIVE : FINE;
}

function judgeNewcomer(peer: Peer, nowMs: number): Verdict {
  if (nowMs - peer.connectedMs <= CONNECT_TIMEOUT_MS + HANDSHAKE_TIMEOUT_MS) return FINE;
  return drop('ERR_PEER_HANDSHAKE_TIMEOUT', 'did not complete its handshake');
}

function drop(code: string, message: string): Verdict {
  return { kind: 'drop', code, message };
}
