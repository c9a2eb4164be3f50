// Peers whose PIECE messages are not what was asked for.
import type { Random } from '../../base/clock.ts';
import type { BehaviourMaker } from './behaviour.ts';
import { BLOCK_BYTES, type BlockRequest, CANCEL, readRequest } from './frames.ts';

/** Changes one byte in a share (0 … 1) of the blocks. */
export function corruptBlocks(share: number, random: Random, onCorrupted?: () => void): BehaviourMaker {
  return () => ({
    block: (_request, bytes) => {
      if (random.next() >= share) return bytes;
      const copy = Buffer.from(bytes);
      copy[Math.floor(random.next() * copy.length)]! ^= 0xff;
      onCorrupted?.();
      return copy;
    },
  });
}

/** Sends `count` true blocks of the torrent's start before anything was asked for. */
export function sendUnrequested(count: number): BehaviourMaker {
  return (session) => ({
    opened: () => {
      for (let i = 0; i < count; i++)
        session.answer(nthBlock(i, session.torrent.pieceBytes, session.torrent.bytes.length));
    },
  });
}

/** The torrent's n-th block, in order, from the start again after the last one. */
function nthBlock(n: number, pieceBytes: number, totalBytes: number): BlockRequest {
  const blocks = Math.ceil(totalBytes / BLOCK_BYTES);
  const offset = (n % blocks) * BLOCK_BYTES;
  const begin = offset % pieceBytes;
  return { piece: Math.floor(offset / pieceBytes), begin, length: Math.min(BLOCK_BYTES, totalBytes - offset) };
}

/** Answers every request with a block of the piece after it. */
export function answerOtherPieces(): BehaviourMaker {
  return (session) => ({
    request: (request) => {
      session.sendBlock((request.piece + 1) % session.pieceCount, request.begin, session.read(request));
      return true;
    },
  });
}

/** Answers with the right place and a block that is longer or shorter than asked for. */
export function answerWithLength(length: number): BehaviourMaker {
  return (session) => ({
    request: (request) => {
      session.sendBlock(request.piece, request.begin, Buffer.alloc(length, 0x5a));
      return true;
    },
  });
}

/** Sends a PIECE without a block before each right answer. */
export function emptyPiecesBetween(): BehaviourMaker {
  return (session) => ({
    request: (request) => {
      session.sendBlock(request.piece, request.begin, Buffer.alloc(0));
      return false;
    },
  });
}

/** Answers every request twice. */
export function answerTwice(): BehaviourMaker {
  return (session) => ({
    request: (request) => {
      session.answer(request);
      return false;
    },
  });
}

/** Holds every answer back until it is cancelled, and then sends it all the same. */
export function ignoreCancel(onLate?: () => void): BehaviourMaker {
  return (session) => ({
    request: () => true,
    message: (frame) => {
      if (frame.id !== CANCEL) return false;
      onLate?.();
      session.answer(readRequest(frame.payload));
      return true;
    },
  });
}

/** Collects the requests of a turn and answers them shuffled. */
export function answerOutOfOrder(random: Random): BehaviourMaker {
  return (session) => {
    const waiting: BlockRequest[] = [];
    const answerAll = (): void => {
      while (waiting.length > 0) {
        const [request] = waiting.splice(Math.floor(random.next() * waiting.length), 1);
        session.answer(request!);
      }
    };
    return {
      request: (request) => {
        if (waiting.push(request) === 1) setImmediate(answerAll);
        return true;
      },
    };
  };
}
