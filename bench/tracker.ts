// A tracker for clients that cannot be told a peer's address: answers every announce with the same peers (BEP 3, BEP 23).
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running tracker. `peers` are the seeders of the present scenario. */
export interface BenchTracker {
  readonly url: string;
  peers: readonly string[];
  close(): void;
}

function compact(peer: string): Uint8Array {
  const [host = '', port = ''] = peer.split(':');
  return Uint8Array.from([...host.split('.').map(Number), Number(port) >> 8, Number(port) & 0xff]);
}

export async function startTracker(): Promise<BenchTracker> {
  const server = createServer((_, response) => {
    const list = tracker.peers.map(compact);
    const body = [Buffer.from(`d8:intervali1800e5:peers${list.length * 6}:`), ...list, Buffer.from('e')];
    response.end(Buffer.concat(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const tracker: BenchTracker = {
    url: `http://127.0.0.1:${port}/announce`,
    peers: [],
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return tracker;
}
