// Why runs or reads of one report failed. A full disk refuses a hundred runs for one reason: it is told once.
import { StorageError } from '../../base/errors.ts';
import type { StoreId } from '../../engine/ports.ts';
import type { StoreFailure } from './disk-messages.ts';

export class FailureList {
  #failures: StoreFailure[] = [];

  /** Notes a storage error; anything else is a bug and is thrown on. */
  add(store: StoreId, error: unknown): void {
    if (!(error instanceof StorageError)) throw error;
    const { code, message } = error;
    if (this.#failures.some((known) => known.store === store && known.code === code)) return;
    this.#failures.push({ store, code, message });
  }

  /** Hands over what was noted since the last call. */
  take(): readonly StoreFailure[] {
    const failures = this.#failures;
    if (failures.length > 0) this.#failures = [];
    return failures;
  }
}
