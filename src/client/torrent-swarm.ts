// The part of the public Torrent that has to do with peers and trackers: who is there, whom to meet, whom to ask.
import { EventEmitter } from 'node:events';
import { InputError } from '../base/errors.ts';
import type { LinkId } from '../engine/ports.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import { checkPeerAddress } from './client-options.ts';
import type { Core } from './core.ts';
import { peerInfos, webSeedInfos } from './swarm-view.ts';
import { TrackerEdits } from './tracker-edits.ts';
import type { PeerAddress, PeerInfo, TorrentEvents, TrackerInfo, WebSeedInfo } from './types.ts';

export abstract class TorrentSwarm extends EventEmitter<TorrentEvents> {
  /** @internal The engine's torrent, once there is one. */
  protected abstract readonly running: EngineTorrent | undefined;

  /** @internal What was changed about the torrent's trackers. */
  protected readonly trackerEdits: TrackerEdits = new TrackerEdits();

  /** @internal Acts when the torrent is open; never when it does not come to that. */
  protected abstract whenOpen(act: (engine: EngineTorrent, core: Core) => void): void;

  /** @internal Whether a link is encrypted. */
  protected abstract isEncrypted(link: LinkId): boolean;

  /** A snapshot of the connected peers. */
  peers(): readonly PeerInfo[] {
    return peerInfos(this.running, (link) => this.isEncrypted(link));
  }

  /** A snapshot of the web seeds; empty unless the torrent downloads. Those that were banned are not among them. */
  webSeeds(): readonly WebSeedInfo[] {
    return webSeedInfos(this.running, performance.now());
  }

  /** Adds a peer to connect to, at once and again whenever it goes. Throws InputError ERR_CLIENT_ADDRESS. */
  addPeer(address: PeerAddress): void {
    checkPeerAddress(address);
    this.whenOpen((engine, { session }) => session.dialler.suggest(engine, [address]));
  }

  /**
   * Drops a peer and has nothing to do with its host any more, whatever port it uses (on loopback: with this port).
   * `Client.ban` does it for all torrents. Throws InputError ERR_CLIENT_ADDRESS.
   */
  banPeer(address: PeerAddress): void {
    checkPeerAddress(address);
    this.whenOpen((engine) => engine.dispatch({ type: 'banned', address }));
  }

  /** A snapshot of the trackers, in the order in which they are asked; empty before the torrent is open. */
  trackers(): readonly TrackerInfo[] {
    const nowMs = performance.now();
    return (this.running?.trackers() ?? []).map(({ nextAnnounceMs, ...status }) => {
      const known = nextAnnounceMs !== undefined && Number.isFinite(nextAnnounceMs);
      return { ...status, ...(known && { nextAnnounceSeconds: Math.max(0, (nextAnnounceMs - nowMs) / 1000) }) };
    });
  }

  /**
   * Adds a tracker, to a tier from 0 on or to one of its own behind the others, and announces to it. One that is there
   * already stays where it is. Throws InputError ERR_CLIENT_TRACKER for an address that is not http, https or udp.
   */
  addTracker(url: string, tier?: number): void {
    const usable = URL.canParse(url) && /^(?:https?|udp):\/\//i.test(url);
    if (!usable || (tier !== undefined && !(Number.isInteger(tier) && tier >= 0))) {
      throw new InputError(
        'ERR_CLIENT_TRACKER',
        `${url} is no http, https or udp tracker, or its tier is not from 0 on`,
      );
    }
    this.trackerEdits.add(url, tier);
    this.whenOpen((engine) => engine.dispatch({ type: 'trackers', change: { kind: 'add', url, tier } }));
  }

  /** Takes a tracker away and tells it that we leave. Does nothing when there is none of this address. */
  removeTracker(url: string): void {
    this.trackerEdits.remove(url);
    this.whenOpen((engine) => engine.dispatch({ type: 'trackers', change: { kind: 'remove', url } }));
  }

  /** Announces to every tracker, as soon as the interval that each of them insists on is over. */
  reannounce(): void {
    this.whenOpen((engine) => engine.dispatch({ type: 'trackers', change: { kind: 'reannounce' } }));
  }
}
