// A leecher made of plain bytes: it says what a test wants said, and counts every answer (BEP 3, BEP 6).
import { once } from 'node:events';
import type { PeerAddress } from '../../engine/ports.ts';
import { rawHandshake, rawMessage } from '../wire/raw-messages.ts';
import { RawConnection } from './raw-peer.ts';

const UNCHOKE = 1;
const INTERESTED = 2;
const REQUEST = 6;
const PIECE = 7;
const HAVE_NONE = 15;
const REJECT = 16;

/** A block as the wire names it. */
export interface RawRange {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** An answer to a request, and the block's bytes when there are any. */
export interface RawAnswer extends RawRange {
  readonly kind: 'piece' | 'reject';
  readonly bytes?: Uint8Array;
}

export class RawLeecher {
  readonly connection: RawConnection;

  private constructor(connection: RawConnection) {
    this.connection = connection;
  }

  /** Connects and shakes hands, speaking the fast extension, and is interested. Resolves when it is unchoked. */
  static async unchoked(address: PeerAddress, infoHash: Uint8Array, name: number): Promise<RawLeecher> {
    const connection = await RawConnection.dial(address);
    const handshake = rawHandshake(name);
    handshake[25] = 0;
    handshake[27] = 4;
    handshake.set(infoHash, 28);
    connection.send(handshake, rawMessage(HAVE_NONE, []), rawMessage(INTERESTED, []));
    await connection.receive(68);
    const leecher = new RawLeecher(connection);
    for (;;) {
      const [id] = await leecher.#message();
      if (id === UNCHOKE) return leecher;
    }
  }

  ask(...ranges: readonly RawRange[]): void {
    this.connection.send(
      ...ranges.map(({ piece, begin, length }) => {
        const payload = new Uint8Array(12);
        const view = new DataView(payload.buffer);
        view.setUint32(0, piece);
        view.setUint32(4, begin);
        view.setUint32(8, length);
        return rawMessage(REQUEST, payload);
      }),
    );
  }

  /** The next `count` answers; other messages are passed over. */
  async answers(count: number): Promise<RawAnswer[]> {
    const answers: RawAnswer[] = [];
    while (answers.length < count) {
      const message = await this.#message();
      const view = new DataView(message.buffer, message.byteOffset, message.length);
      if (message[0] === REJECT) {
        const [piece, begin, length] = [view.getUint32(1), view.getUint32(5), view.getUint32(9)];
        answers.push({ kind: 'reject', piece, begin, length });
      }
      if (message[0] === PIECE) {
        const bytes = message.slice(9);
        answers.push({
          kind: 'piece',
          piece: view.getUint32(1),
          begin: view.getUint32(5),
          length: bytes.length,
          bytes,
        });
      }
    }
    return answers;
  }

  /** Reads nothing more. */
  goDeaf(): void {
    this.connection.socket.pause();
  }

  async hangUp(): Promise<void> {
    const { socket } = this.connection;
    socket.resetAndDestroy();
    if (!socket.closed) await once(socket, 'close');
  }

  /** The next message that is not a keep-alive, without its length. */
  async #message(): Promise<Uint8Array> {
    for (;;) {
      const prefix = await this.connection.receive(4);
      const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0);
      if (length > 0) return await this.connection.receive(length);
    }
  }
}
