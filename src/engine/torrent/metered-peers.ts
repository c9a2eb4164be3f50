// A torrent's way to its peers, with what the protocol says beside the blocks counted against the upload limit: control
// messages, REQUESTs and the headers of PIECEs. Block bytes are counted by whoever gives them out.
import { PIECE_HEADER_BYTES } from '../../protocol/wire/block.ts';
import { REQUEST_MESSAGE_BYTES } from '../../protocol/wire/message-writer.ts';
import type { LinkId, PeerPort } from '../ports.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';

/** The part of the port that a torrent uses: it neither dials nor listens. */
export type TorrentPeers = Omit<PeerPort, 'connect' | 'share' | 'unshare'>;

export class MeteredPeers implements TorrentPeers {
  readonly #peers: TorrentPeers;
  readonly #limit: TokenBucket;

  constructor(peers: TorrentPeers, limit: TokenBucket) {
    this.#peers = peers;
    this.#limit = limit;
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.#limit.charge(bytes.length);
    this.#peers.send(link, bytes);
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    this.#limit.charge(count * REQUEST_MESSAGE_BYTES);
    this.#peers.request(link, batch, count);
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    this.#limit.charge(count * PIECE_HEADER_BYTES);
    this.#peers.serve(link, batch, count);
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    this.#peers.limitMessages(link, bytesMax);
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    this.#peers.revoke(link, piece, begin, cancel);
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    this.#peers.revokeAll(link, cancel);
  }

  move(fromPlace: number, toPlace: number): void {
    this.#peers.move(fromPlace, toPlace);
  }

  close(link: LinkId): void {
    this.#peers.close(link);
  }
}
