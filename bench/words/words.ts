// `npm run bench -- words`: what a stranger's words cost. Every kind of message, repeated without end at a download of 100,000
// pieces with 90 other peers: microseconds each and per KiB, bytes that we send for each that came, and how many of them a
// stranger may say in the first moment and in every second before he is shown out.
import { parseArgs } from 'node:util';
import { encodeBencode } from '#src/protocol/bencode/bencode-encoder.ts';
import { EXTENSION_IDS } from '#src/protocol/extension/extension-table.ts';
import * as id from '#src/protocol/wire/message-id.ts';
import { circumstances, writeMarked } from '../performance-page.ts';
import { markdown } from '../table.ts';
import { PIECES, WordScene, wireBytes } from './word-scene.ts';

const NOTHING = new Uint8Array(0);
/** A read brings so many bytes at most; what was said in it is answered together. */
const READ_BYTES = 64 * 1024;
/** How long each kind is repeated. */
const SPAN_MS = 400;

type Word = readonly [id: number, payload: Uint8Array];
/** What is said once, and what is said over and over: rounds that differ are made ahead, or making them would be measured. */
interface Speech {
  readonly opening?: readonly Word[];
  readonly rounds: readonly (readonly Word[])[];
}

function numbers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values.entries()) view.setUint32(at * 4, value);
  return bytes;
}

function extended(extendedId: number, payload: Uint8Array): Word {
  return [id.EXTENDED, Uint8Array.of(extendedId, ...payload)];
}

function extension(name: keyof typeof EXTENSION_IDS, payload: Uint8Array): Word {
  return extended(EXTENSION_IDS[name], payload);
}

function manyNames(count: number): Uint8Array {
  const names = Array.from({ length: count }, (_, at) => [`x_${at}`, 1 + (at % 200)] as const);
  return encodeBencode({ m: new Map(names), reqq: 500 });
}

function nested(count: number): Uint8Array {
  return encodeBencode({ z: Array.from({ length: count }, () => new Map()) });
}

function addresses(count: number, turn: number): Uint8Array {
  const bytes = new Uint8Array(count * 6);
  for (let at = 0; at < count; at++) {
    const number = turn * count + at;
    bytes.set([20 + ((number >> 16) & 63), (number >> 8) & 255, number & 255, at, 26, 225], at * 6);
  }
  return bytes;
}

const SAYS_OF_ITSELF = extended(
  0,
  encodeBencode({
    m: new Map([
      ['ut_metadata', 3],
      ['ut_holepunch', 4],
    ]),
  }),
);
const HANDSHAKE_SMALL = extended(
  0,
  encodeBencode({
    m: new Map([
      ['ut_metadata', 3],
      ['ut_pex', 1],
    ]),
    v: 'someone 1.0',
  }),
);
const HANDSHAKE_NAMES = extended(0, manyNames(700));
const HANDSHAKE_NESTED = extended(0, nested(1300));
const FULL = new Uint8Array(PIECES / 8).fill(255);

/** The same each time. */
function always(...words: Word[]): Speech {
  return { rounds: [words] };
}

/** So many that differ. */
function each(count: number, word: (turn: number) => Word): Speech {
  return { rounds: Array.from({ length: count }, (_, turn) => [word(turn)]) };
}

function after(opening: Word, speech: Speech): Speech {
  return { opening: [opening], rounds: speech.rounds };
}

const LOST = Array.from({ length: 8 }, (_, at) => extension('lt_donthave', numbers(at * 8)));
const METADATA_WE_HAVE = new Uint8Array(16_384);

const SPEECHES: Readonly<Record<string, Speech>> = {
  'an id that nobody knows': always([99, NOTHING]),
  'choke, unchoke': always([id.CHOKE, NOTHING], [id.UNCHOKE, NOTHING]),
  'choke, unchoke by one who has all': after([id.BITFIELD, FULL], always([id.CHOKE, NOTHING], [id.UNCHOKE, NOTHING])),
  'interested, not interested': always([id.INTERESTED, NOTHING], [id.NOT_INTERESTED, NOTHING]),
  'HAVE of one piece': always([id.HAVE, numbers(1)]),
  'HAVE of another each time': each(PIECES, (turn) => [id.HAVE, numbers(turn)]),
  'HAVE, lt_donthave': always([id.HAVE, numbers(1)], extension('lt_donthave', numbers(1))),
  'HAVE, lt_donthave by one who has all': after(
    [id.BITFIELD, FULL],
    always(extension('lt_donthave', numbers(1)), [id.HAVE, numbers(1)]),
  ),
  'a full bitfield': always([id.BITFIELD, FULL]),
  'a full bitfield, 8 pieces lost': always([id.BITFIELD, FULL], ...LOST),
  'REQUEST while choked': each(1000, (turn) => [id.REQUEST, numbers(turn * 2 + 1, 0, 16_384)]),
  'REQUEST of what does not exist': always([id.REQUEST, numbers(4e9, 0, 1)]),
  CANCEL: always([id.CANCEL, numbers(1, 0, 16_384)]),
  PORT: each(65_536, (turn) => [id.PORT, Uint8Array.of(turn >> 8, turn & 255)]),
  'suggest piece': each(PIECES, (turn) => [id.SUGGEST, numbers(turn)]),
  'allowed fast': each(PIECES, (turn) => [id.ALLOWED_FAST, numbers(turn)]),
  'reject of what was not asked': always([id.REJECT, numbers(1, 0, 16_384)]),
  'an extended id that nobody gave': always(extended(200, NOTHING)),
  'extended handshake, 50 bytes': always(HANDSHAKE_SMALL),
  'extended handshake, 700 names': always(HANDSHAKE_NAMES),
  'extended handshake, 1,300 dictionaries': always(HANDSHAKE_NESTED),
  'ut_pex, 50 addresses': each(1000, (turn) => extension('ut_pex', encodeBencode({ added: addresses(50, turn) }))),
  'ut_metadata request': after(
    SAYS_OF_ITSELF,
    each(100, (piece) => extension('ut_metadata', encodeBencode({ msg_type: 0, piece }))),
  ),
  'ut_metadata request of no piece': after(
    SAYS_OF_ITSELF,
    always(extension('ut_metadata', encodeBencode({ msg_type: 0, piece: 1e6 }))),
  ),
  'ut_metadata, 16 KiB that we have': always(
    extension(
      'ut_metadata',
      Uint8Array.of(...encodeBencode({ msg_type: 1, piece: 0, total_size: 2e6 }), ...METADATA_WE_HAVE),
    ),
  ),
  'ut_holepunch rendezvous': after(
    SAYS_OF_ITSELF,
    always(extension('ut_holepunch', Uint8Array.of(0, 0, 10, 0, 0, 3, 26, 225, 0, 0, 0, 0))),
  ),
  'ut_holepunch connect': each(1000, (turn) =>
    extension('ut_holepunch', Uint8Array.of(1, 0, 20, 0, turn >> 8, turn & 255, 26, 225, 0, 0, 0, 0)),
  ),
  upload_only: each(2, (turn) => extension('upload_only', Uint8Array.of(turn))),
};

interface Cost {
  readonly messages: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly ms: number;
  /** Messages and milliseconds of ours until the first stranger was shown out; absent: he was not. */
  readonly shownOut: { readonly messages: number; readonly ms: number } | undefined;
}

function measure(scene: WordScene, speech: Speech): Cost {
  let [messages, receivedBytes, sentBytes, turn, unread] = [0, 0, 0, 0, 0];
  let shownOut: Cost['shownOut'];
  const { opening = [], rounds } = speech;
  const meet = (): void => {
    scene.meet();
    for (const [messageId, payload] of opening) scene.say(messageId, payload);
    turn = 0;
  };
  meet();
  const fromMs = performance.now();
  for (;;) {
    for (const [messageId, payload] of rounds[turn++ % rounds.length]!) {
      scene.say(messageId, payload);
      messages++;
      unread += wireBytes(payload);
    }
    if (unread < READ_BYTES && !scene.out) continue;
    receivedBytes += unread;
    unread = 0;
    scene.pause();
    const ms = performance.now() - fromMs;
    if (scene.out) {
      shownOut ??= { messages, ms };
      sentBytes += scene.sentBytes;
      meet();
    }
    if (ms > SPAN_MS) return { messages, receivedBytes, sentBytes: sentBytes + scene.sentBytes, ms, shownOut };
  }
}

/** Prints the table; with `--write` on docs/performance.md, too. `--only WORD` leaves out what has another name. */
export function benchWords(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: { write: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
  });
  const rows = [['said again and again', 'bytes', 'µs', 'µs per KiB', 'sent ÷ received', 'shown out after']];
  for (const [name, speech] of Object.entries(SPEECHES)) {
    if (!name.includes(values.only)) continue;
    const scene = new WordScene();
    // Compiled before it is measured.
    measure(scene, speech);
    const { messages, receivedBytes, sentBytes, ms, shownOut } = measure(scene, speech);
    const microseconds = (ms * 1000) / messages;
    rows.push([
      name,
      (receivedBytes / messages).toFixed(0),
      microseconds.toFixed(2),
      (microseconds / (receivedBytes / messages / 1024)).toFixed(0),
      (sentBytes / receivedBytes).toFixed(2),
      shownOut === undefined ? 'never' : `${shownOut.messages}, ${shownOut.ms.toFixed(1)} ms`,
    ]);
    console.error(rows.at(-1)!.join('  '));
  }
  const content = [circumstances(['npm run bench -- words', ...args].join(' ')), markdown(rows)].join('\n\n');
  console.log(`\n${content}`);
  if (values.write) writeMarked('docs/performance.md', 'words', content);
}
