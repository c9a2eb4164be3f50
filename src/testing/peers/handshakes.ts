// Peers that open a session wrongly, or differently (BEP 3, 6, 10).
import type { BehaviourMaker } from './behaviour.ts';
import { EXTENDED, frame, withReservedBit } from './frames.ts';

/** The reserved bits that announce the fast extension (BEP 6) and the extension protocol (BEP 10). */
const FAST_BIT = 2;
const EXTENSION_BIT = 20;

const INFO_HASH_OFFSET = 28;

/** Answers for another torrent than the one that was asked for. */
export function wrongInfoHash(): BehaviourMaker {
  return () => ({
    handshake: (bytes) => {
      const copy = Buffer.from(bytes);
      copy[INFO_HASH_OFFSET]! ^= 0xff;
      return copy;
    },
  });
}

/** Speaks something else altogether, an HTTP server for instance. */
export function wrongProtocol(text: string): BehaviourMaker {
  return () => ({ handshake: (bytes) => Buffer.from(text.padEnd(bytes.length), 'latin1') });
}

/** Announces the fast extension. */
export function speaksFast(): BehaviourMaker {
  return () => ({ handshake: (bytes) => withReservedBit(bytes, FAST_BIT) });
}

/** Announces the extension protocol and sends an extended handshake that offers nothing. */
export function speaksExtended(): BehaviourMaker {
  return (session) => ({
    handshake: (bytes) => withReservedBit(bytes, EXTENSION_BIT),
    opened: () => session.send(frame(EXTENDED, Buffer.from('\0d1:mde1:v4:fake4:reqqi250ee', 'latin1'))),
  });
}

/** Sends a bitfield whose size is not that of the torrent. */
export function bitfieldOfWrongSize(extraBytes: number): BehaviourMaker {
  return () => ({
    bitfield: (bytes) =>
      extraBytes > 0 ? Buffer.concat([bytes, Buffer.alloc(extraBytes)]) : bytes.subarray(0, bytes.length + extraBytes),
  });
}

/** Sets the bits behind the last piece. Means something only when the piece count is no multiple of 8. */
export function bitfieldWithSpareBits(): BehaviourMaker {
  return () => ({
    bitfield: (bytes) => {
      const copy = Buffer.from(bytes);
      copy[copy.length - 1]! |= 0x01;
      return copy;
    },
  });
}
