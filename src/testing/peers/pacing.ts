// Peers that send the right bytes at the wrong time, in odd portions, or not to the end.
import type { Random } from '../../base/clock.ts';
import type { BehaviourMaker } from './behaviour.ts';

/** Sends so many bytes of the session, handshake included, and then nothing more, with the connection left open. */
export function stallAfter(bytesMax: number, onStalled?: () => void): BehaviourMaker {
  return () => cutAfter(bytesMax, () => onStalled?.());
}

/** Sends exactly so many bytes of the session and then closes: with FIN (`end`) or at once with RST (`reset`). */
export function closeAfter(bytesMax: number, how: 'end' | 'reset'): BehaviourMaker {
  return (session) => {
    const close = (): void => {
      // `end` lets what was written arrive first; a reset may overtake it, as on a real network.
      if (how === 'end') session.socket.end();
      else session.socket.resetAndDestroy();
    };
    return cutAfter(bytesMax, close);
  };
}

function cutAfter(bytesMax: number, cut: () => void): { write(bytes: Buffer, next: (bytes: Buffer) => void): void } {
  let left = bytesMax;
  let isCut = false;
  return {
    write: (bytes, next) => {
      if (isCut) return;
      const part = bytes.subarray(0, left);
      left -= part.length;
      if (part.length > 0) next(part);
      if (left > 0) return;
      isCut = true;
      cut();
    },
  };
}

/** Sends `portionBytes` every `intervalMs`, whatever is waiting. */
export function drip(intervalMs: number, portionBytes: number): BehaviourMaker {
  return () => {
    const waiting: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    const sendPortion = (next: (bytes: Buffer) => void): void => {
      const all = Buffer.concat(waiting.splice(0));
      if (all.length > portionBytes) waiting.push(all.subarray(portionBytes));
      if (all.length > 0) next(all.subarray(0, portionBytes));
    };
    return {
      write: (bytes, next) => {
        waiting.push(bytes);
        timer ??= setInterval(() => sendPortion(next), intervalMs);
      },
      closed: () => clearInterval(timer),
    };
  };
}

/** Splits what is sent at random places, one part a turn, so that the other side reads messages in pieces. */
export function splitWrites(random: Random, partBytesMax: number): BehaviourMaker {
  return () => {
    let waiting: Buffer = Buffer.alloc(0);
    let running = false;
    const sendPart = (next: (bytes: Buffer) => void): void => {
      const length = 1 + Math.floor(random.next() * partBytesMax);
      const part = waiting.subarray(0, length);
      waiting = waiting.subarray(part.length);
      next(part);
      running = waiting.length > 0;
      if (running) setImmediate(sendPart, next);
    };
    return {
      write: (bytes, next) => {
        waiting = Buffer.concat([waiting, bytes]);
        if (running) return;
        running = true;
        setImmediate(sendPart, next);
      },
    };
  };
}
