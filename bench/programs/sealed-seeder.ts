// The light seeder for peers that insist on RC4 (MSE), at a tenth of what RC4 costs: each connection's key stream is made before
// anybody is unchoked, and while it is measured a block is one XOR of words. So it is the other side's deciphering that shows.
// usage: sealed-seeder.js INFO_HASH PIECE_BYTES PIECES PEERS    prints one line of JSON, the ports of its peers
import net, { type AddressInfo } from 'node:net';
import process from 'node:process';
import { PeerError } from '#src/base/errors.ts';
import { Encryption } from '#src/host/net/encryption.ts';
import { mseNodeCrypto } from '#src/host/net/mse-node-crypto.ts';
import type { MseOutcome } from '#src/protocol/mse/mse-handshake.ts';
import { RequestHearing } from '../study/request-hearing.ts';
import { seederGreeting } from '../study/seeder-greeting.ts';
import { pattern } from '../study/study-torrent.ts';

const UNCHOKE = Uint8Array.of(0, 0, 0, 1, 1);
/** Peers are not asked for equal parts: so much more than its share is ready for each. */
const SPARE_SHARE = 1.5;
const MORE_BYTES: number = 4 * 2 ** 20;

const [infoHash = '', pieceBytesText = '', pieces = '', peers = ''] = process.argv.slice(2);
const pieceBytes = Number(pieceBytesText);
const peerCount = Number(peers);
const streamBytes = Math.ceil(((pieceBytes * Number(pieces)) / peerCount) * SPARE_SHARE) + MORE_BYTES;
const encryption = new Encryption('require', mseNodeCrypto);
encryption.share(Buffer.from(infoHash, 'hex'));

/** The piece, four times: so that from its h-th byte on it lies on a border of words. */
const shifted: readonly Int32Array[] = [0, 1, 2, 3].map((head) => {
  const bytes = new Uint8Array(pieceBytes + 8);
  bytes.set(pattern(pieceBytes), (4 - head) & 3);
  return new Int32Array(bytes.buffer);
});

const ready: SealedConversation[] = [];

class SealedConversation {
  readonly #socket: net.Socket;
  readonly #peer: number;
  readonly #handshake = encryption.incoming()!;
  #outcome: MseOutcome | undefined;
  /** What the next bytes that leave are to be XORed with, from `#at` on; they are XORed where they lie. */
  #stream = new Uint8Array(0);
  #words = new Int32Array(0);
  #at = 0;
  readonly #requests = new RequestHearing((header, begin, length) => {
    this.#socket.write(this.#seal(header, begin, length));
  });

  constructor(socket: net.Socket, peer: number) {
    this.#socket = socket;
    this.#peer = peer;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
  }

  unchoke(): void {
    this.#socket.write(this.#seal(UNCHOKE, 0, 0));
  }

  #hear(chunk: Buffer): void {
    if (this.#outcome === undefined) {
      try {
        this.#negotiate(chunk);
      } catch (error) {
        // Somebody else on this machine who does not encrypt.
        if (!(error instanceof PeerError)) throw error;
        this.#socket.destroy();
      }
      return;
    }
    this.#outcome.receiving!.apply(chunk);
    this.#listen(chunk);
  }

  #negotiate(chunk: Buffer): void {
    const { reply, outcome } = this.#handshake.receive(chunk);
    if (reply.length > 0) this.#socket.write(reply);
    if (outcome === undefined) return;
    this.#outcome = outcome;
    const greeting = seederGreeting(infoHash, Number(pieces), this.#peer);
    outcome.sending!.apply(greeting);
    this.#socket.write(greeting);
    this.#listen(Buffer.from(outcome.payload));
    this.#extend(streamBytes);
    if (ready.push(this) === peerCount) for (const one of ready) one.unchoke();
  }

  #extend(bytes: number): void {
    const rest = this.#stream.subarray(this.#at);
    const stream = new Uint8Array((rest.length + bytes + 3) & ~3);
    stream.set(rest);
    this.#outcome!.sending!.apply(stream, rest.length, stream.length);
    this.#stream = stream;
    this.#words = new Int32Array(stream.buffer);
    this.#at = 0;
  }

  #listen(chunk: Buffer): void {
    this.#socket.cork();
    this.#requests.hear(chunk);
    this.#socket.uncork();
  }

  /** A header and `length` bytes of the piece, sealed: a part of the stream that nobody else has. `begin` is a multiple of 4. */
  #seal(header: Uint8Array, begin: number, length: number): Uint8Array {
    if (this.#at + header.length + length > this.#stream.length) this.#extend(MORE_BYTES);
    const stream = this.#stream;
    const from = this.#at;
    let at = from;
    for (const byte of header) stream[at++]! ^= byte;
    const head = Math.min((4 - (at & 3)) & 3, length);
    const source = shifted[head]!;
    const sourceBytes = new Uint8Array(source.buffer, (4 - head) & 3);
    for (let i = 0; i < head; i++) stream[at++]! ^= sourceBytes[begin + i]!;
    const words = (length - head) >> 2;
    const first = (begin + head + ((4 - head) & 3)) >> 2;
    const to = at >> 2;
    for (let i = 0; i < words; i++) this.#words[to + i]! ^= source[first + i]!;
    at += words * 4;
    for (let i = head + words * 4; i < length; i++) stream[at++]! ^= sourceBytes[begin + i]!;
    this.#at = at;
    return stream.subarray(from, at);
  }
}

const servers = Array.from({ length: peerCount }, (_, peer) => {
  return net.createServer({ noDelay: true }, (socket) => new SealedConversation(socket, peer));
});
await Promise.all(
  servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))),
);
const ports = servers.map((server) => (server.address() as AddressInfo).port);
process.stdout.write(`${JSON.stringify(ports)}\n`);
