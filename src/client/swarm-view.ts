// What the engine knows of a torrent's peers, as the public library shows it.
import type { LinkId } from '../engine/ports.ts';
import type { Peer } from '../engine/swarm/peer.ts';
import type { Swarm } from '../engine/swarm/swarm.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import { peerClient } from '../protocol/peer-id/peer-client.ts';
import type { PieceTally } from './torrent-layout.ts';
import type { PeerInfo, PeerSource, TorrentProgress, TorrentState, WebSeedInfo } from './types.ts';

/** What the engine does not know. */
export interface OwnFigures {
  readonly state: TorrentState;
  /** Share of a running check that is done. */
  readonly checked: number;
  /** Share of a running move that is done. */
  readonly moved: number | undefined;
  /** Payload sent in earlier runs. */
  readonly uploadedBefore: number;
}

/** A snapshot of the progress of a torrent whose engine may not be there yet. */
export function progressView(
  engine: EngineTorrent | undefined,
  tally: PieceTally,
  { state, checked, moved, uploadedBefore }: OwnFigures,
): TorrentProgress {
  const rate = engine?.intake.rate.bytesPerSecond ?? 0;
  const downloading = state === 'downloading';
  return {
    state,
    ...tally,
    downloadBytesPerSecond: Math.round(rate),
    uploadedBytes: uploadedBefore + (engine?.upload.totalBytes ?? 0),
    ratio: engine?.goals.ratio ?? 0,
    ...swarmFigures(engine),
    ...(downloading && rate >= 1 && { etaSeconds: (tally.bytesWanted - tally.bytesDone) / rate }),
    ...(state === 'checking' && { checked }),
    ...(moved !== undefined && { moved }),
    ...(downloading && rate < 1 && engine !== undefined && { stall: engine.stall() }),
  };
}

function swarmFigures(
  engine: EngineTorrent | undefined,
): Pick<
  TorrentProgress,
  'webSeeds' | 'peers' | 'peersFrom' | 'utpPeers' | 'seeds' | 'partialSeeds' | 'uploadBytesPerSecond'
> {
  let peers = 0;
  const peersFrom: Partial<Record<PeerSource, number>> = {};
  let utpPeers = 0;
  let seeds = 0;
  let partialSeeds = 0;
  let uploadBytesPerSecond = 0;
  for (const peer of engine?.swarm.peers() ?? []) {
    if (!peer.ready) continue;
    peers++;
    const source = sourceOf(peer, engine!.swarm);
    peersFrom[source] = (peersFrom[source] ?? 0) + 1;
    if (peer.utp) utpPeers++;
    if (peer.pieces.have.full) seeds++;
    else if (peer.offers.uploadOnly) partialSeeds++;
    uploadBytesPerSecond += peer.upload.bytesPerSecond;
  }
  const webSeeds = new Set([...(engine?.webSeeds.all() ?? [])].map(({ address }) => address.url)).size;
  return { webSeeds, peers, peersFrom, utpPeers, seeds, partialSeeds, uploadBytesPerSecond };
}

/** An address that is not known any more was the user's, or its peer's own. */
function sourceOf(peer: Peer, { candidates }: Swarm): PeerSource {
  return peer.incoming ? 'incoming' : (candidates.sourceOf(peer.address) ?? 'user');
}

/** A snapshot of the web seeds that are in use. */
export function webSeedInfos(engine: EngineTorrent | undefined, nowMs: number): WebSeedInfo[] {
  const infos = new Map<string, WebSeedInfo>();
  for (const { address, download, debt, failure, restUntilMs } of engine?.webSeeds.all() ?? []) {
    const known = infos.get(address.url);
    infos.set(address.url, {
      ...address,
      connections: (known?.connections ?? 0) + 1,
      downloadBytesPerSecond: (known?.downloadBytesPerSecond ?? 0) + Math.round(download.bytesPerSecond),
      requestsInFlight: (known?.requestsInFlight ?? 0) + debt.outstanding,
      ...(failure && { message: failure.message }),
      ...(restUntilMs > nowMs && { retrySeconds: (restUntilMs - nowMs) / 1000 }),
    });
  }
  return [...infos.values()];
}

/** A snapshot of the connected peers. */
export function peerInfos(engine: EngineTorrent | undefined, encrypted: (link: LinkId) => boolean): PeerInfo[] {
  const infos: PeerInfo[] = [];
  for (const peer of engine?.swarm.peers() ?? []) {
    if (!peer.ready) continue;
    infos.push({
      address: peer.address,
      incoming: peer.incoming,
      source: sourceOf(peer, engine!.swarm),
      encrypted: encrypted(peer.link),
      client: peer.clientName ?? peerClient(peer.peerId),
      progress: peer.pieces.have.length === 0 ? 1 : peer.pieces.have.count / peer.pieces.have.length,
      chokingUs: peer.chokingUs,
      interestedInUs: peer.interestedInUs,
      downloadBytesPerSecond: Math.round(peer.download.bytesPerSecond),
      uploadBytesPerSecond: Math.round(peer.upload.bytesPerSecond),
      requestsInFlight: peer.debt.outstanding,
      snubbed: peer.snubbed,
    });
  }
  return infos;
}
