// Where a session's web seeds and their torrents meet: it knows whose each is, and passes on what the host tells of them.
import type { LinkId } from '../ports.ts';
import * as ports from '../ports.ts';
import type { WebSeedAddress, WebSeedContent, WebSeedFailure, WebSeedPort, WebSeedSink } from './web-seed-port.ts';

/** Who has web seeds: a torrent. */
export interface WebSeedOwner {
  blockLanded(link: LinkId, piece: number, begin: number, length: number): void;
  blockReturned(link: LinkId, piece: number, begin: number): void;
  /** A batch was told. */
  blocksDone(): void;
  failed(link: LinkId, failure: WebSeedFailure): void;
  rangeless(link: LinkId): void;
  skipped(bytes: number): void;
  closed(link: LinkId): void;
}

export class WebSeedDesk implements WebSeedSink {
  readonly port: WebSeedPort | undefined;
  readonly #newLink: () => LinkId;
  readonly #owners = new Map<LinkId, WebSeedOwner>();

  /** Without a port there are no web seeds. */
  constructor(port: WebSeedPort | undefined, newLink: () => LinkId) {
    this.port = port;
    this.#newLink = newLink;
  }

  /** Whether this number is that of a web seed. */
  has(link: LinkId): boolean {
    return this.#owners.has(link);
  }

  open(owner: WebSeedOwner, address: WebSeedAddress, content: WebSeedContent): LinkId {
    const link = this.#newLink();
    this.#owners.set(link, owner);
    this.port!.open(link, address, content);
    return link;
  }

  /** Ends every connection: what they go out from is gone. */
  hangUp(): void {
    for (const link of this.#owners.keys()) this.port!.hangUp(link);
  }

  webSeedBlocks(batch: Int32Array, count: number): void {
    let last: WebSeedOwner | undefined;
    for (let at = 0; at < count * ports.BLOCK_STRIDE; at += ports.BLOCK_STRIDE) {
      const link = batch[at + ports.BLOCK_LINK]!;
      const owner = this.#owners.get(link);
      if (owner === undefined) continue;
      if (last !== undefined && last !== owner) last.blocksDone();
      last = owner;
      const piece = batch[at + ports.BLOCK_PIECE]!;
      const begin = batch[at + ports.BLOCK_BEGIN]!;
      if (batch[at + ports.BLOCK_OUTCOME] === ports.OUTCOME_RETURNED) owner.blockReturned(link, piece, begin);
      else owner.blockLanded(link, piece, begin, batch[at + ports.BLOCK_LENGTH]!);
    }
    last?.blocksDone();
  }

  webSeedFailed(link: LinkId, failure: WebSeedFailure): void {
    this.#owners.get(link)?.failed(link, failure);
  }

  webSeedRangeless(link: LinkId): void {
    this.#owners.get(link)?.rangeless(link);
  }

  webSeedSkipped(link: LinkId, bytes: number): void {
    this.#owners.get(link)?.skipped(bytes);
  }

  webSeedClosed(link: LinkId): void {
    const owner = this.#owners.get(link);
    this.#owners.delete(link);
    owner?.closed(link);
  }
}
