// Sends `floor-send.js BYTES` bytes to the first that connects, from memory that was written once. Prints its port.
import net, { type AddressInfo } from 'node:net';
import process from 'node:process';

const CHUNK_BYTES = 1 << 20;
const bytes = Number(process.argv[2]);
const chunk = new Uint8Array(CHUNK_BYTES).fill(1);

const server = net.createServer((socket) => {
  server.close();
  let left = bytes;
  const send = (): void => {
    while (left > 0) {
      const length = Math.min(left, CHUNK_BYTES);
      left -= length;
      if (!socket.write(chunk.subarray(0, length))) break;
    }
    if (left === 0) socket.end();
  };
  socket.on('drain', send);
  send();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
