// What the host tells in packed batches, passed on to the members that the links belong to: a batch of blocks may hold several
// links, a batch of requests holds one.
import * as ports from '../ports.ts';
import type { Attachment, Links } from './links.ts';
import type { Member } from './member.ts';

/** Tells what became of blocks. A member whose last block was told hears so. */
export function tellBlocks(links: Links, batch: Int32Array, count: number): void {
  let last: Member | undefined;
  for (let at = 0; at < count * ports.BLOCK_STRIDE; at += ports.BLOCK_STRIDE) {
    const attachment = links.get(batch[at + ports.BLOCK_LINK]!);
    if (attachment === undefined) continue;
    const { member, peer } = attachment;
    const piece = batch[at + ports.BLOCK_PIECE]!;
    const begin = batch[at + ports.BLOCK_BEGIN]!;
    const outcome = batch[at + ports.BLOCK_OUTCOME]!;
    if (outcome === ports.OUTCOME_LANDED) member.blockLanded(peer, piece, begin, batch[at + ports.BLOCK_LENGTH]!);
    else if (outcome === ports.OUTCOME_RETURNED) member.blockReturned(peer, piece, begin);
    else member.blockWasted(peer, batch[at + ports.BLOCK_LENGTH]!);
    if (last !== undefined && last !== member) last.blocksDone();
    last = member;
  }
  last?.blocksDone();
}

/** Tells what a peer asks for. */
export function tellRequests({ member, peer }: Attachment, batch: Int32Array, count: number): void {
  for (let at = 0; at < count * ports.ASKED_STRIDE; at += ports.ASKED_STRIDE) {
    member.blockRequested(
      peer,
      batch[at + ports.ASKED_PIECE]!,
      batch[at + ports.ASKED_BEGIN]!,
      batch[at + ports.ASKED_LENGTH]!,
    );
  }
}
