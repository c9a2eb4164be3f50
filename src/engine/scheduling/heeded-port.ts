// A PeerPort with somebody who wants to know which links the engine closes.
import type { DialTarget, LinkId, PeerPort } from '../ports.ts';

export class HeededPort implements PeerPort {
  readonly #port: PeerPort;
  readonly #closes: (link: LinkId) => void;

  constructor(port: PeerPort, closes: (link: LinkId) => void) {
    this.#port = port;
    this.#closes = closes;
  }

  connect(link: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    this.#port.connect(link, target, timeoutMs, infoHash);
  }

  share(infoHash: Uint8Array): void {
    this.#port.share(infoHash);
  }

  unshare(infoHash: Uint8Array): void {
    this.#port.unshare(infoHash);
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.#port.send(link, bytes);
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    this.#port.limitMessages(link, bytesMax);
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    this.#port.request(link, batch, count);
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    this.#port.revoke(link, piece, begin, cancel);
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    this.#port.revokeAll(link, cancel);
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    this.#port.serve(link, batch, count);
  }

  move(fromPlace: number, toPlace: number): void {
    this.#port.move(fromPlace, toPlace);
  }

  close(link: LinkId): void {
    this.#closes(link);
    this.#port.close(link);
  }
}
