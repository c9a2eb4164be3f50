// A PeerSink that keeps what it hears and lets a test await it. Holds every host to the manners that need no scenario:
// no call inside another's batch, nothing about a link that is closed, `closed` once.
import assert from 'node:assert/strict';
import {
  ASKED_BEGIN,
  ASKED_LENGTH,
  ASKED_PIECE,
  ASKED_STRIDE,
  BLOCK_BEGIN,
  BLOCK_LENGTH,
  BLOCK_LINK,
  BLOCK_OUTCOME,
  BLOCK_PIECE,
  BLOCK_STRIDE,
  type LinkEnd,
  type LinkId,
  OUTCOME_LANDED,
  OUTCOME_RETURNED,
  type PeerAddress,
  type PeerSink,
} from '../../engine/ports.ts';

export interface HeardBlock {
  readonly link: LinkId;
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly outcome: 'landed' | 'returned' | 'wasted';
}

export class PeerRecorder implements PeerSink {
  readonly connectedLinks: LinkId[] = [];
  readonly strangers: { readonly link: LinkId; readonly address: PeerAddress }[] = [];
  readonly handshakes: Map<LinkId, Uint8Array> = new Map();
  readonly messages: { readonly link: LinkId; readonly id: number; readonly payload: Uint8Array }[] = [];
  keepAlives = 0;
  readonly heard: HeardBlock[] = [];
  /** What peers asked for. */
  readonly asked: { readonly link: LinkId; readonly piece: number; readonly begin: number; readonly length: number }[] =
    [];
  /** Blocks that have left, over all links. */
  servedBlocks = 0;
  readonly ends: Map<LinkId, LinkEnd> = new Map();
  /** Called at the end of the events of the same name: the engine's answers from inside a call. */
  onConnected: (link: LinkId) => void = () => undefined;
  onHandshake: (link: LinkId) => void = () => undefined;
  onMessage: (link: LinkId, id: number, payload: Uint8Array) => void = () => undefined;
  onBlock: (block: HeardBlock) => void = () => undefined;
  onClosed: (link: LinkId) => void = () => undefined;
  /** Who may come in. */
  admitsHost: (host: string) => boolean = () => true;
  /** Links with messages that are not done yet. */
  readonly #untold = new Set<LinkId>();
  #inBlocks = false;
  #wake: (() => void)[] = [];

  connected(link: LinkId): void {
    this.#expectAlive(link);
    this.connectedLinks.push(link);
    this.onConnected(link);
    this.#wakeAll();
  }

  admits({ host }: PeerAddress): boolean {
    return this.admitsHost(host);
  }

  incoming(link: LinkId, address: PeerAddress): void {
    this.#expectAlive(link);
    this.strangers.push({ link, address });
    this.#wakeAll();
  }

  handshake(link: LinkId, bytes: Uint8Array): void {
    this.#expectAlive(link);
    assert.ok(!this.handshakes.has(link), 'a link shakes hands once');
    this.handshakes.set(link, bytes.slice());
    this.onHandshake(link);
    this.#wakeAll();
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    this.#expectAlive(link);
    this.messages.push({ link, id, payload: payload.slice() });
    this.#untold.add(link);
    this.onMessage(link, id, payload);
    this.#wakeAll();
  }

  keepAlive(link: LinkId): void {
    this.#expectAlive(link);
    this.keepAlives++;
    this.#wakeAll();
  }

  messagesDone(link: LinkId): void {
    // A link that was closed by what it heard has nothing more to be answered, and may be told so or not.
    if (!this.ends.has(link)) assert.ok(this.#untold.delete(link), 'messages are done when there were some');
  }

  blocks(batch: Int32Array, count: number): void {
    assert.ok(!this.#inBlocks, 'a batch is not told from inside another');
    this.#inBlocks = true;
    const before = batch.slice(0, count * BLOCK_STRIDE);
    for (let at = 0; at < count * BLOCK_STRIDE; at += BLOCK_STRIDE) {
      const link = batch[at + BLOCK_LINK]!;
      this.#expectAlive(link);
      const outcome = batch[at + BLOCK_OUTCOME]!;
      const block: HeardBlock = {
        link,
        piece: batch[at + BLOCK_PIECE]!,
        begin: batch[at + BLOCK_BEGIN]!,
        length: batch[at + BLOCK_LENGTH]!,
        outcome: outcome === OUTCOME_LANDED ? 'landed' : outcome === OUTCOME_RETURNED ? 'returned' : 'wasted',
      };
      this.heard.push(block);
      this.onBlock(block);
    }
    assert.deepEqual(batch.slice(0, count * BLOCK_STRIDE), before, 'a batch stays as it is while it is read');
    this.#inBlocks = false;
    this.#wakeAll();
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    this.#expectAlive(link);
    assert.ok(count > 0, 'a batch holds something');
    for (let at = 0; at < count * ASKED_STRIDE; at += ASKED_STRIDE) {
      const [piece, begin] = [batch[at + ASKED_PIECE]! >>> 0, batch[at + ASKED_BEGIN]! >>> 0];
      this.asked.push({ link, piece, begin, length: batch[at + ASKED_LENGTH]! >>> 0 });
    }
    this.#untold.add(link);
    this.#wakeAll();
  }

  served(link: LinkId, count: number): void {
    this.#expectAlive(link);
    assert.ok(count > 0, 'something has left');
    this.servedBlocks += count;
    this.#wakeAll();
  }

  closed(link: LinkId, end: LinkEnd): void {
    this.#expectAlive(link);
    assert.ok(end.code !== '' && end.message !== '', 'an end has a reason');
    this.ends.set(link, end);
    this.onClosed(link);
    this.#wakeAll();
  }

  /** Resolves when `condition` holds; it is looked at after every event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** How a link ended, when it has. */
  async end(link: LinkId): Promise<LinkEnd> {
    await this.until(() => this.ends.has(link));
    return this.ends.get(link)!;
  }

  /** The first blocks heard of, as soon as there are so many. */
  async blocksHeard(count: number): Promise<readonly HeardBlock[]> {
    await this.until(() => this.heard.length >= count);
    return this.heard;
  }

  #expectAlive(link: LinkId): void {
    assert.ok(!this.ends.has(link), `nothing is heard of link ${link} after it was closed`);
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
