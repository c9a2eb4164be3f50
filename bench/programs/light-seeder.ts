// The cheapest seeder there can be: it has one piece of noise in memory and sends blocks of it under whatever number is asked for.
// usage: light-seeder.js INFO_HASHES PIECE_BYTES PIECES PEERS    prints one line of JSON, the ports of its peers: those of the
// first torrent, then those of the next; all torrents have as many. Then `connected SECONDS_SINCE_1970` for each connection.
import net, { type AddressInfo } from 'node:net';
import process from 'node:process';
import { RequestHearing } from '../study/request-hearing.ts';
import { seederGreeting } from '../study/seeder-greeting.ts';
import { pattern } from '../study/study-torrent.ts';

const UNCHOKE = Buffer.from([0, 0, 0, 1, 1]);

const [infoHashes = '', pieceBytes = '', pieces = '', peers = ''] = process.argv.slice(2);
const piece = pattern(Number(pieceBytes));
const pieceCount = Number(pieces);
const torrents = infoHashes.split(',');
const peersEach = Math.ceil(Number(peers) / torrents.length);

/** One connection: what it is asked for goes out in the same turn, in one call. */
class Conversation {
  readonly #socket: net.Socket;
  readonly #requests = new RequestHearing((header, begin, length) => this.#send(header, begin, length));

  constructor(socket: net.Socket, peer: number) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    socket.write(seederGreeting(torrents[Math.floor(peer / peersEach)]!, pieceCount, peer));
    socket.write(UNCHOKE);
    process.stdout.write(`connected ${Date.now() / 1000}\n`);
  }

  #hear(chunk: Buffer): void {
    this.#socket.cork();
    this.#requests.hear(chunk);
    this.#socket.uncork();
  }

  #send(header: Buffer, begin: number, length: number): void {
    this.#socket.write(header);
    this.#socket.write(piece.subarray(begin, begin + length));
  }
}

const servers = Array.from({ length: Number(peers) }, (_, peer) => {
  return net.createServer({ noDelay: true }, (socket) => new Conversation(socket, peer));
});
await Promise.all(
  servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))),
);
const ports = servers.map((server) => (server.address() as AddressInfo).port);
process.stdout.write(`${JSON.stringify(ports)}\n`);
