// A response receiver fed from a text, in reads of any size, into a sink that notes everything.
import { ResponseReceiver } from '../../protocol/http/response-receiver.ts';

/** What came of it: a body's bytes are joined, whatever the reads. */
export interface ResponseTrace {
  readonly trace: readonly string[];
  readonly copiedBytes: number;
}

/** Feeds `text`; `readBytes` is the size of the next read, and `hasRoom` whether the sink takes any of a body just now. */
export function traceResponses(text: string, readBytes: () => number, hasRoom = (): boolean => true): ResponseTrace {
  const trace: string[] = [];
  let copiedBytes = 0;
  let given = new Uint8Array(0);
  let body = '';
  const flush = (): void => {
    if (body !== '') trace.push(`body ${body}`);
    body = '';
  };
  const receiver = new ResponseReceiver({
    head: ({ status }) => void trace.push(`head ${status}`),
    room: (bytesMax) => {
      if (!hasRoom()) return undefined;
      given = new Uint8Array(Math.min(bytesMax, 65_536));
      return given;
    },
    filled: (count, copied) => {
      for (const byte of given.subarray(0, count)) body += String.fromCharCode(byte);
      if (copied) copiedBytes += count;
    },
    ended: () => {
      flush();
      trace.push('ended');
    },
    failed: (code) => {
      flush();
      trace.push(`failed ${code}`);
    },
  });
  let at = 0;
  let reading = true;
  for (let idle = 0; at < text.length && idle < 1000; ) {
    if (!reading) {
      receiver.resume();
      reading = receiver.reads;
      idle++;
      continue;
    }
    const destination = receiver.destination();
    const count = Math.min(readBytes(), destination.length, text.length - at);
    for (let i = 0; i < count; i++) destination[i] = text.charCodeAt(at + i);
    at += count;
    receiver.arrived(count);
    reading = receiver.reads;
  }
  for (; !reading; reading = receiver.reads) receiver.resume();
  receiver.closed();
  flush();
  return { trace, copiedBytes };
}
