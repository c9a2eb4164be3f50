// Peers that talk too much: messages that are allowed, pointless, unknown or absurd.
import type { BehaviourMaker } from './behaviour.ts';
import { EXTENDED, frame, HAVE, KEEP_ALIVE, PORT, uint32 } from './frames.ts';

const UNKNOWN_ID = 77;

/** Sends `count` HAVE messages at once, for pieces that it has said it has. */
export function floodHaves(count: number): BehaviourMaker {
  return (session) => ({
    opened: () => {
      const haves = Array.from({ length: count }, (_, i) => frame(HAVE, uint32(i % session.pieceCount)));
      session.send(Buffer.concat(haves));
    },
  });
}

/** Claims to have a piece that does not exist. */
export function haveOfNoPiece(piece: number): BehaviourMaker {
  return (session) => ({ opened: () => session.send(frame(HAVE, uint32(piece))) });
}

/** Announces a message of this length, and sends a little of it. */
export function messageOfLength(length: number): BehaviourMaker {
  return (session) => ({ opened: () => session.send(Buffer.concat([uint32(length), Buffer.alloc(64, 7)])) });
}

/** Puts a keep-alive, a HAVE, a PORT and another extended handshake before every block. */
export function noiseBetweenBlocks(): BehaviourMaker {
  return (session) => ({
    request: (request) => {
      const noise = [
        KEEP_ALIVE,
        frame(HAVE, uint32(request.piece)),
        frame(PORT, Buffer.of(0x1a, 0xe1)),
        frame(EXTENDED, Buffer.from('\0d1:mdee', 'latin1')),
      ];
      session.send(Buffer.concat(noise));
      return false;
    },
  });
}

/** Puts messages that no specification knows before every block. libtorrent drops such a peer, others shrug. */
export function unknownMessagesBetweenBlocks(): BehaviourMaker {
  return (session) => ({
    request: () => {
      session.send(frame(UNKNOWN_ID, Buffer.from('what is this?')));
      session.send(frame(EXTENDED, Buffer.from('\x63d1:ai1ee', 'latin1')));
      return false;
    },
  });
}

/** Sends the given bytes once the session is open. */
export function sayBytes(bytes: Buffer): BehaviourMaker {
  return (session) => ({ opened: () => session.send(bytes) });
}
