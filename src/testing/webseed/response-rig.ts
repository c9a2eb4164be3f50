// A response receiver fed from a text, in reads of any size, into a sink that notes everything.
import { ResponseReceiver } from '../../protocol/http/response-receiver.ts';

/** What came of it: a body's bytes are joined, whatever the reads. */
export interface ResponseTrace {
  readonly trace: readonly string[];
  readonly copiedBytes: number;
  /** Reads that brought bytes. */
  readonly reads: number;
}

/** How a text is fed. */
export interface Feed {
  /** The size of the next read. */
  readonly readBytes: () => number;
  /** Whether the sink takes any of a body just now. Default: always. */
  readonly hasRoom?: () => boolean;
  /** Bytes of a place that is filled with others in one read; absent: every read has one destination. */
  readonly placeBytes?: () => number;
}

const ROOM_BYTES = 65_536;
const PLACES = 5;

export function traceResponses(text: string, { readBytes, hasRoom = () => true, placeBytes }: Feed): ResponseTrace {
  const trace: string[] = [];
  let copiedBytes = 0;
  let reads = 0;
  let given: readonly Uint8Array[] = [];
  let body = '';
  const flush = (): void => {
    if (body !== '') trace.push(`body ${body}`);
    body = '';
  };
  const receiver = new ResponseReceiver({
    head: ({ status }) => void trace.push(`head ${status}`),
    room: (bytesMax) => {
      if (!hasRoom()) return undefined;
      const room = new Uint8Array(Math.min(bytesMax, ROOM_BYTES));
      given = [room];
      return room;
    },
    rooms: (bytesMax, rooms) => {
      for (let left = bytesMax; left > 0 && rooms.length < PLACES && hasRoom(); left -= rooms.at(-1)!.length)
        rooms.push(new Uint8Array(Math.min(left, placeBytes!())));
      given = rooms;
    },
    filled: (count, copied) => {
      let left = count;
      for (const room of given) {
        for (const byte of room.subarray(0, left)) body += String.fromCharCode(byte);
        left = Math.max(0, left - room.length);
      }
      if (left > 0) trace.push(`${left} bytes more than there was room for`);
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
  /** Writes the next bytes of the text to these places; how many. */
  const read = (places: readonly Uint8Array[], bytesMax: number): number => {
    let count = 0;
    for (const place of places) {
      const part = Math.min(place.length, bytesMax - count, text.length - at);
      for (let i = 0; i < part; i++) place[i] = text.charCodeAt(at + i);
      at += part;
      count += part;
    }
    if (count > 0) reads++;
    return count;
  };
  let reading = true;
  for (let idle = 0; at < text.length && idle < 1000; ) {
    if (!reading) {
      receiver.resume();
      reading = receiver.reads;
      idle++;
      continue;
    }
    receiver.arrived(read([receiver.destination()], readBytes()));
    if (placeBytes !== undefined) receiver.scattered(read(receiver.destinations(), readBytes()));
    reading = receiver.reads;
  }
  for (; !reading; reading = receiver.reads) receiver.resume();
  receiver.closed();
  flush();
  return { trace, copiedBytes, reads };
}
