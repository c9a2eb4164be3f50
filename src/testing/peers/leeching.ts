// Peers that want data from Millrace, in ways that no good leecher does.
import type { BehaviourMaker } from './behaviour.ts';
import { BLOCK_BYTES, type BlockRequest, frame, HAVE, INTERESTED, REQUEST, requestFrame, UNCHOKE } from './frames.ts';

/** Is interested at once, and asks for the given blocks as soon as it is unchoked. */
export function askFor(requests: readonly BlockRequest[]): BehaviourMaker {
  return (session) => ({
    opened: () => session.send(frame(INTERESTED)),
    message: (received) => {
      if (received.id !== UNCHOKE) return false;
      session.send(Buffer.concat(requests.map((request) => requestFrame(REQUEST, request))));
      return true;
    },
  });
}

/** Asks without waiting to be unchoked. */
export function askWhileChoked(requests: readonly BlockRequest[]): BehaviourMaker {
  return (session) => ({
    opened: () => session.send(Buffer.concat(requests.map((request) => requestFrame(REQUEST, request)))),
  });
}

/** Asks `times` for each piece as soon as it hears of it, and reads nothing from the first unchoke on. */
export function askAndNeverRead(times: number, onDeaf?: () => void): BehaviourMaker {
  return (session) => {
    const heard: number[] = [];
    let unchoked = false;
    const ask = (): void => {
      const blocks = Array.from({ length: times }, () =>
        heard.map((piece) => ({ piece, begin: 0, length: BLOCK_BYTES })),
      );
      session.send(Buffer.concat(blocks.flat().map((request) => requestFrame(REQUEST, request))));
      session.socket.pause();
      onDeaf?.();
    };
    return {
      opened: () => session.send(frame(INTERESTED)),
      message: (received) => {
        if (received.id === HAVE) heard.push(received.payload.readUInt32BE(0));
        if (received.id === UNCHOKE) unchoked = true;
        if (unchoked && heard.length > 0 && !session.socket.isPaused()) ask();
        return false;
      },
    };
  };
}
