// All web seeds of a client (BEP 17, 19): implements the engine's WebSeedPort over HTTP connections on its own thread.
import { BlockBatch } from '../../engine/block-batch.ts';
import { isAfar, sourceRefusal } from '../../engine/discovery/source-guard.ts';
import type { LinkId } from '../../engine/ports.ts';
import type {
  WebSeedAddress,
  WebSeedContent,
  WebSeedFailure,
  WebSeedPort,
  WebSeedSink,
} from '../../engine/webseed/web-seed-port.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import type { PieceMemory } from '../../protocol/wire/piece-memory.ts';
import type { ReceiveCounters } from '../../protocol/wire/receive-counters.ts';
import { DIRECT, type Egress } from '../net/egress.ts';
import { BlockStream } from './block-stream.ts';
import { SeedTargets } from './seed-targets.ts';
import { WebSeedLink } from './web-seed-link.ts';
import type { WebSeedLinkOwner } from './web-seed-link-parts.ts';

export interface WebSeedHostOptions {
  /** The arena and who may write where: the same as the peers'. */
  readonly memory: PieceMemory;
  readonly counters: ReceiveCounters;
  /** Program and version, as servers get to see it. */
  readonly userAgent: string;
  /** Asks whatever a torrent names, also in this network. */
  readonly allowLocal: boolean;
  /** The way to them. Default: straight. */
  readonly egress?: Egress;
}

export class WebSeedHost implements WebSeedPort, WebSeedLinkOwner {
  readonly #options: WebSeedHostOptions;
  readonly #links = new Map<LinkId, WebSeedLink>();
  readonly #discard = new Uint8Array(4 * BLOCK_BYTES);
  readonly #batch = new BlockBatch();
  #sink: WebSeedSink | undefined;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(options: WebSeedHostOptions) {
    this.#options = options;
  }

  /** Names the engine. Must be called once, before anything else. */
  start(sink: WebSeedSink): void {
    this.#sink = sink;
  }

  open(link: LinkId, address: WebSeedAddress, content: WebSeedContent): void {
    const { memory, userAgent, allowLocal, egress = DIRECT } = this.#options;
    const record = (piece: number, begin: number, length: number, outcome: number): void =>
      this.#batch.add(link, piece, begin, length, outcome);
    const refusal = (url: URL, sentFromAfar: boolean, host: string): string | undefined => {
      const question = {
        kind: 'web-seed',
        path: url.pathname,
        query: this.#queryOf(url, address),
        sentFromAfar,
      } as const;
      return allowLocal ? undefined : sourceRefusal(question, host);
    };
    const targets = new SeedTargets(address, content);
    const stream = new BlockStream(link, memory, record, this.#discard);
    const parts = { id: link, address, content, targets, stream, userAgent, egress, refusal, isAfar };
    this.#links.set(link, new WebSeedLink({ ...parts, owner: this, discard: this.#discard }));
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    this.#links.get(link)?.request(batch, count);
  }

  revoke(link: LinkId, piece: number, begin: number): void {
    this.#links.get(link)?.revoke(piece, begin);
  }

  hangUp(link: LinkId): void {
    this.#links.get(link)?.hangUp();
  }

  close(link: LinkId): void {
    this.#links.get(link)?.close();
  }

  /** Ends every connection and resolves when the last one is gone. */
  async shutdown(): Promise<void> {
    for (const link of this.#links.values()) link.close();
    if (this.#links.size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  settled(): void {
    if (this.#batch.count > 0) setImmediate(this.#flush);
  }

  received(reads: number): void {
    this.#options.counters.addReads(reads);
    this.#flush();
  }

  placed(bytes: number, copied: boolean): void {
    const { counters } = this.#options;
    if (copied) counters.addCopied(bytes);
    else counters.addPlaced(bytes);
  }

  skipped(link: LinkId, bytes: number): void {
    this.#sink!.webSeedSkipped(link, bytes);
  }

  rangeless(link: LinkId): void {
    this.#sink!.webSeedRangeless(link);
  }

  failed(link: LinkId, failure: WebSeedFailure): void {
    this.#flush();
    this.#sink!.webSeedFailed(link, failure);
  }

  closed(link: LinkId): void {
    this.#links.delete(link);
    this.#sink!.webSeedClosed(link);
    if (this.#links.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** A script of BEP 17 is given a query by us: what counts is the torrent's own. */
  #queryOf(url: URL, address: WebSeedAddress): string {
    return address.kind === 'files' || address.url.includes('?') ? url.search : '';
  }

  readonly #flush = (): void => {
    const { count } = this.#batch;
    if (count > 0) this.#sink!.webSeedBlocks(this.#batch.take(), count);
  };
}
