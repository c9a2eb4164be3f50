// Peers that want everything and keep nothing: each reads into one fixed buffer, counts, and asks for the next blocks.
// usage: null-leecher.js HOST:PORT INFO_HASH TOTAL_BYTES PIECE_BYTES PEERS BYTES_EACH SEEDER_PID
// Measures from the first request on; prints one line of JSON when the last peer has its bytes. Peer k of n starts at
// k/n of the torrent.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import process from 'node:process';

const BLOCK_BYTES = 16_384;
const REQUEST_BYTES = 17;
const HANDSHAKE_BYTES = 68;
const HEADER_BYTES = 5;
const PIECE = 7;
const UNCHOKE = 1;
const CHOKE = 0;
const REJECT = 16;
/** Blocks asked for ahead, as libtorrent does at most. */
const PIPELINE = 500;
const READ_BYTES = 256 * 1024;
/** Clock ticks per second of /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const [address = '', infoHash = '', total = '', pieceLength = '', peers = '', each = '', pid = ''] =
  process.argv.slice(2);
const totalBytes = Number(total);
const pieceBytes = Number(pieceLength);
const peerCount = Number(peers);
const [host = '', port = ''] = address.split(':');

function cpuSeconds(): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** REQUEST of every block of the torrent, one after the other. */
function everyRequest(): Buffer {
  const requests: Buffer[] = [];
  for (let offset = 0, piece = 0; offset < totalBytes; offset += pieceBytes, piece++) {
    const length = Math.min(pieceBytes, totalBytes - offset);
    for (let begin = 0; begin < length; begin += BLOCK_BYTES) {
      const bytes = Buffer.alloc(REQUEST_BYTES);
      bytes.writeUInt32BE(13, 0);
      bytes[4] = 6;
      bytes.writeUInt32BE(piece, 5);
      bytes.writeUInt32BE(begin, 9);
      bytes.writeUInt32BE(Math.min(BLOCK_BYTES, length - begin), 13);
      requests.push(bytes);
    }
  }
  return Buffer.concat(requests);
}

const requests = everyRequest();
const blockCount = requests.length / REQUEST_BYTES;
const blocksEach = Math.ceil(Number(each) / BLOCK_BYTES);
let startedAtMs: number | undefined;
let cpuAtStart = 0;
let left = peerCount;

function finished(): void {
  left--;
  if (left > 0) return;
  const seconds = (performance.now() - startedAtMs!) / 1000;
  const used = cpuSeconds() - cpuAtStart;
  process.stdout.write(
    `${JSON.stringify({ seconds, cpuSeconds: used, bytes: peerCount * blocksEach * BLOCK_BYTES })}\n`,
  );
  process.exit(0);
}

class NullPeer {
  readonly #buffer = Buffer.alloc(READ_BYTES);
  readonly #socket: net.Socket;
  readonly #first: number;
  #asked = 0;
  #got = 0;
  /** Bytes of the present message that are still to come. */
  #skip = HANDSHAKE_BYTES;
  /** A length prefix and id that came in parts. */
  readonly #head = Buffer.alloc(HEADER_BYTES);
  #headBytes = 0;

  constructor(index: number) {
    this.#first = Math.floor((blockCount * index) / peerCount);
    this.#socket = net.connect({
      host,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: this.#buffer,
        callback: (count) => {
          this.#read(count);
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    });
    this.#socket.on('close', () => {
      if (this.#got < blocksEach) process.exit(1);
    });
    const handshake = Buffer.alloc(HANDSHAKE_BYTES);
    handshake.write('\x13BitTorrent protocol', 'latin1');
    handshake[27] = 4;
    handshake.write(infoHash, 28, 'hex');
    handshake.write(`-NL0001-${String(index).padStart(12, '0')}`, 48);
    // HAVE NONE, INTERESTED.
    this.#socket.write(Buffer.concat([handshake, Buffer.from([0, 0, 0, 1, 15, 0, 0, 0, 1, 2])]));
  }

  #read(count: number): void {
    const got = this.#got;
    for (let at = 0; at < count; ) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, count - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      this.#head[this.#headBytes++] = this.#buffer[at++]!;
      if (this.#headBytes === 4 && this.#head.readUInt32BE(0) === 0) this.#headBytes = 0;
      if (this.#headBytes < HEADER_BYTES) continue;
      this.#headBytes = 0;
      this.#skip = this.#head.readUInt32BE(0) - 1;
      this.#message(this.#head[4]!);
    }
    if (this.#got > got) this.#ask(this.#got - got);
  }

  #message(id: number): void {
    if (id === PIECE) this.#got++;
    if (id === UNCHOKE) {
      if (startedAtMs === undefined) {
        cpuAtStart = cpuSeconds();
        startedAtMs = performance.now();
      }
      // What was asked for before a choke is refused by name: asked again from where the answers ended.
      this.#asked = this.#got;
      this.#ask(PIPELINE);
    }
    if (id === CHOKE || id === REJECT) this.#asked = blocksEach;
  }

  #ask(count: number): void {
    for (let wanted = Math.min(count, blocksEach - this.#asked); wanted > 0; ) {
      const from = (this.#first + this.#asked) % blockCount;
      const some = Math.min(wanted, blockCount - from);
      this.#socket.write(requests.subarray(from * REQUEST_BYTES, (from + some) * REQUEST_BYTES));
      this.#asked += some;
      wanted -= some;
    }
    // The last header was counted when it came; its block is still on the way.
    if (this.#got < blocksEach) return;
    this.#socket.destroy();
    finished();
  }
}

for (let index = 0; index < peerCount; index++) new NullPeer(index);
