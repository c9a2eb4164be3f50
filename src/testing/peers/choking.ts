// Peers that give reluctantly (BEP 3, "choking"; BEP 6, "reject").
import type { BehaviourMaker } from './behaviour.ts';
import { INTERESTED, REJECT, requestFrame } from './frames.ts';

/** Never unchokes. */
export function neverUnchoke(): BehaviourMaker {
  return () => ({ message: (frame) => frame.id === INTERESTED });
}

/** Unchokes those who are interested only once `opened` has resolved. */
export function unchokeAfter(gate: Promise<unknown>): BehaviourMaker {
  return (session) => ({
    message: (frame) => {
      if (frame.id !== INTERESTED) return false;
      void gate.then(() => session.setChoking(false));
      return true;
    },
  });
}

/** After every `blocks` answers it chokes, forgets what else was asked, and unchokes a turn later. */
export function chokeEvery(blocks: number): BehaviourMaker {
  return (session) => {
    let left = blocks;
    return {
      request: (request) => {
        session.answer(request);
        if (--left > 0) return true;
        left = blocks;
        session.setChoking(true);
        setImmediate(() => session.setChoking(false));
        return true;
      },
    };
  };
}

/** Refuses every `n`-th request with REJECT, as the fast extension demands. Use with `speaksFast`. */
export function rejectEvery(n: number, onRejected?: () => void): BehaviourMaker {
  return (session) => {
    let count = 0;
    return {
      request: (request) => {
        if (++count % n !== 0) return false;
        onRejected?.();
        session.send(requestFrame(REJECT, request));
        return true;
      },
    };
  };
}
