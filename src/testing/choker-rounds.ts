// Rounds of a choker over peers that do as it says.
import assert from 'node:assert/strict';
import type { Choker, ChokerPeer, ChokerSettings } from '../engine/choker/choker.ts';
import type { LinkId } from '../engine/ports.ts';

export type MutablePeer = { -readonly [Key in keyof ChokerPeer]: ChokerPeer[Key] };

export function peer(link: number, facts: Partial<ChokerPeer> = {}): MutablePeer {
  return {
    link,
    interested: true,
    unchoked: false,
    snubbed: false,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    connectedMs: -3_600_000,
    ...facts,
  };
}

/** Lets the choker decide once and carries it out. */
export function round(choker: Choker, peers: MutablePeer[], settings: ChokerSettings, nowMs: number): void {
  const { choke, unchoke } = choker.decide(peers, settings, nowMs);
  for (const one of peers) {
    if (choke.includes(one.link)) {
      assert.ok(one.unchoked, 'only an unchoked peer is choked');
      one.unchoked = false;
    }
    if (unchoke.includes(one.link)) {
      assert.ok(!one.unchoked, 'only a choked peer is unchoked');
      one.unchoked = true;
    }
  }
}

export function unchokedLinks(peers: readonly ChokerPeer[]): LinkId[] {
  return peers.filter((one) => one.unchoked).map((one) => one.link);
}

export function optimisticOf(choker: Choker, peers: readonly ChokerPeer[]): LinkId | undefined {
  return peers.find((one) => choker.isOptimistic(one.link))?.link;
}
