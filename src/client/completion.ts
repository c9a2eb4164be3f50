// Waiting for a torrent: resolves with its `done`, rejects with what comes in between.
import type { EventEmitter } from 'node:events';
import { InputError, type MillraceError } from '../base/errors.ts';
import type { TorrentEvents, TorrentState } from './types.ts';

/** What those hear who wait for a torrent that is no longer its client's. */
export function removedError(): InputError {
  return new InputError('ERR_TORRENT_REMOVED', 'the torrent was removed from its client, or the client was closed');
}

/** Resolves at the torrent's next `done`; rejects when it fails, is removed, or the signal aborts. */
export function nextDone(torrent: EventEmitter<TorrentEvents>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      torrent.off('done', onDone).off('error', onError).off('state', onState);
      signal?.removeEventListener('abort', onAbort);
    };
    const onDone = (): void => {
      settle();
      resolve();
    };
    const onError = (error: MillraceError): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      reject(signal?.reason as Error);
    };
    const onState = (state: TorrentState): void => {
      if (state === 'removed') onError(removedError());
    };
    signal?.addEventListener('abort', onAbort);
    torrent.on('done', onDone).on('error', onError).on('state', onState);
  });
}
