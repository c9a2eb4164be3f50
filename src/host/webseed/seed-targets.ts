// Where the requests to one web seed go: its own URLs, or where it said that they moved to.
import type { WebSeedAddress, WebSeedContent } from '../../engine/webseed/web-seed-port.ts';
import { fileUrl, movedBase, pieceUrl } from '../../protocol/webseed/seed-url.ts';
import { WEB_SEED_MOVES_MAX } from '../limits.ts';
import type { SeedRequest } from './seed-request.ts';

export class SeedTargets {
  readonly #address: WebSeedAddress;
  readonly #content: WebSeedContent;
  #base: string;
  readonly #moves = new Map<number, URL>();
  /** Origins that somebody on the internet sent us to. */
  readonly #afar = new Set<string>();

  constructor(address: WebSeedAddress, content: WebSeedContent) {
    this.#address = address;
    this.#content = content;
    this.#base = address.url;
  }

  /** Where this is to be asked for; `undefined` when the torrent's URL is none. */
  urlOf(request: SeedRequest): URL | undefined {
    const moved = request.movedTo ?? (this.#address.kind === 'files' ? this.#moves.get(request.index) : undefined);
    if (moved !== undefined) return moved;
    const text = this.#textOf(request);
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  }

  /** Whether somebody on the internet sent us there. */
  fromAfar(url: URL): boolean {
    return this.#afar.has(url.origin);
  }

  /** Whether the server is the one that the torrent names: it alone is told the password in its URL. */
  isOwn(url: URL): boolean {
    return URL.canParse(this.#address.url) && new URL(this.#address.url).origin === url.origin;
  }

  /** What is asked for is there. Other files of the folder probably are, too. */
  moved(request: SeedRequest, to: URL, fromAfar: boolean): void {
    if (fromAfar) this.#afar.add(to.origin);
    request.movedTo = to;
    if (this.#address.kind !== 'files') return;
    const base = movedBase(this.#base, this.#content.files[request.index]!.path, to.href);
    if (base !== undefined) this.#base = base;
    else if (this.#moves.size < WEB_SEED_MOVES_MAX) this.#moves.set(request.index, to);
  }

  /** Something failed: perhaps what moved has moved on. */
  forget(): void {
    this.#base = this.#address.url;
    this.#moves.clear();
    this.#afar.clear();
  }

  #textOf({ index, from, length }: SeedRequest): string {
    const { files, single, infoHash } = this.#content;
    if (this.#address.kind === 'pieces') return pieceUrl(this.#base, infoHash, index, from, from + length);
    return fileUrl(this.#base, files[index]!.path, single);
  }
}
