// Values that somebody wants to stay (BEP 44): nodes forget them after two hours, so they are put again every hour, to the
// nodes that are nearest by then. Of a mutable one the latest version that was seen is put, whoever wrote it: an older one
// would be refused.

import { toLatin1 } from '../../base/bytes.ts';
import { type Clock, type Random, randomBelow } from '../../base/clock.ts';
import { itemTarget, type StoredItem } from '../../protocol/krpc/stored-item.ts';
import { type DhtSearch, type ItemChecks, putSearch } from './dht-search.ts';
import { KEPT_ITEMS_MAX, REPUT_INTERVAL_MS, REPUT_RETRY_MS } from './limits.ts';

export interface KeptItemsParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly checks: ItemChecks;
  readonly search: (search: DhtSearch) => () => void;
}

interface KeptItem {
  item: StoredItem;
  dueMs: number;
  cancel: (() => void) | undefined;
}

export class KeptItems {
  readonly #parts: KeptItemsParts;
  /** By target. */
  readonly #items = new Map<string, KeptItem>();

  constructor(parts: KeptItemsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#items.size;
  }

  /** No more can be kept. */
  get full(): boolean {
    return this.#items.size >= KEPT_ITEMS_MAX;
  }

  /** Keeps a value that was put just now, instead of what was kept at its target. Returns what ends it. */
  keep(item: StoredItem): () => void {
    const target = toLatin1(itemTarget(item, this.#parts.checks.sha1));
    this.#items.get(target)?.cancel?.();
    const kept: KeptItem = { item, dueMs: this.#dueMs(REPUT_INTERVAL_MS), cancel: undefined };
    this.#items.set(target, kept);
    return () => {
      kept.cancel?.();
      if (this.#items.get(target) === kept) this.#items.delete(target);
    };
  }

  tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const kept of this.#items.values()) {
      if (nowMs >= kept.dueMs && kept.cancel === undefined) this.#put(kept);
    }
  }

  close(): void {
    for (const { cancel } of this.#items.values()) cancel?.();
    this.#items.clear();
  }

  #put(kept: KeptItem): void {
    const { checks, search } = this.#parts;
    kept.cancel = search(
      putSearch(kept.item, { renew: true }, checks, (stored, latest) => {
        kept.cancel = undefined;
        kept.item = latest;
        kept.dueMs = this.#dueMs(stored > 0 ? REPUT_INTERVAL_MS : REPUT_RETRY_MS);
      }),
    );
  }

  /** Never all at once: a tenth sooner. */
  #dueMs(delayMs: number): number {
    return this.#parts.clock.nowMs() + delayMs - randomBelow(this.#parts.random, delayMs / 10);
  }
}
