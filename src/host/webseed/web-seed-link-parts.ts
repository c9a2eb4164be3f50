// What a web seed's link works with, and whom it tells.
import type { LinkId } from '../../engine/ports.ts';
import type { WebSeedAddress, WebSeedContent, WebSeedFailure } from '../../engine/webseed/web-seed-port.ts';
import type { Egress } from '../net/egress.ts';
import type { BlockStream } from './block-stream.ts';
import type { SeedTargets } from './seed-targets.ts';

/** What a link tells its host. */
export interface WebSeedLinkOwner {
  /** Places may have come back: pass it on soon, never from inside a call. */
  settled(): void;
  /** There were so many reads: pass on at once what became of blocks. */
  received(reads: number): void;
  placed(bytes: number, copied: boolean): void;
  skipped(link: LinkId, bytes: number): void;
  rangeless(link: LinkId): void;
  failed(link: LinkId, failure: WebSeedFailure): void;
  closed(link: LinkId): void;
}

export interface WebSeedLinkParts {
  readonly id: LinkId;
  readonly address: WebSeedAddress;
  readonly content: WebSeedContent;
  readonly targets: SeedTargets;
  readonly stream: BlockStream;
  readonly owner: WebSeedLinkOwner;
  readonly userAgent: string;
  readonly egress: Egress;
  /** Where bytes go that nobody wants. */
  readonly discard: Uint8Array;
  /** Why a URL must not be fetched from a numeric address; `sentFromAfar`: by a redirect from the internet. */
  readonly refusal: (url: URL, sentFromAfar: boolean, host: string) => string | undefined;
  readonly isAfar: (host: string) => boolean;
}
