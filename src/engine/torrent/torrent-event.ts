// What can happen to a torrent: `dispatch` in torrent.ts says what it does then.
import type { Bitfield } from '../../base/bitfield.ts';
import type { StorageError } from '../../base/errors.ts';
import type { PeerAddress } from '../ports.ts';
import type { MemberEvent } from '../session/member.ts';
import type { TrackerChange } from './announcing.ts';
import type { PieceIndex } from './geometry.ts';
import type { SeedGoal } from './seed-goal.ts';

/** Everything that can happen to a torrent, blocks apart. */
export type TorrentEvent =
  | MemberEvent
  | { readonly type: 'storage-failed'; readonly error: StorageError }
  | { readonly type: 'prioritised'; readonly priorities: Uint8Array }
  /** The files are to be hashed again: the torrent stands still, with its peers. */
  | { readonly type: 'recheck' }
  | { readonly type: 'rechecked'; readonly had: Bitfield }
  | {
      readonly type: 'awaited';
      readonly first: PieceIndex;
      readonly last: PieceIndex;
      readonly withinMs: number | undefined;
    }
  | { readonly type: 'seed-goal'; readonly goal: SeedGoal | undefined }
  | { readonly type: 'trackers'; readonly change: TrackerChange }
  | { readonly type: 'banned'; readonly address: PeerAddress }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' };
