// What waits in a socket goes to several places at once, in its order; what does not wait is not invented.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type OnReadOpts, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { readScattered } from './scatter-read.ts';

const FIRST_BYTES = 10;
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Reader<T> {
  readonly far: Socket;
  readonly near: Socket;
  /** The first bytes, read to a destination of so many; then `then` is called from inside of the read. */
  readonly first: Uint8Array;
  /** What came of that. */
  readonly outcome: Promise<T>;
}

/** A connection that reads nothing before it is resumed. */
async function reader<T>(then: (near: Socket) => T): Promise<Reader<T>> {
  const server = createServer();
  closing.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = once(server, 'connection');
  const first = new Uint8Array(FIRST_BYTES);
  let told: (outcome: T) => void;
  const outcome = new Promise<T>((resolve) => {
    told = resolve;
  });
  const onread: OnReadOpts = {
    buffer: first,
    callback: () => {
      told(then(near));
      return true;
    },
  };
  const { port } = server.address() as AddressInfo;
  const near: Socket = connect({ host: '127.0.0.1', port, onread });
  near.pause();
  closing.push(() => near.destroy());
  const [[far]] = (await Promise.all([accepted, once(near, 'connect')])) as [[Socket], unknown];
  closing.push(() => far.destroy());
  return { far, near, first, outcome };
}

/** Resolves when the bytes lie in the other socket. */
async function delivered(far: Socket, bytes: Uint8Array): Promise<void> {
  await new Promise((resolve) => far.write(bytes, resolve));
}

const stream = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff);
const onLinux = process.platform === 'linux' ? false : 'what is delivered at once is Linux’s loopback';

test('what waits fills one place after the other, in memory of all threads, and the rest stays', {
  skip: onLinux,
}, async () => {
  const memory = new Uint8Array(new SharedArrayBuffer(1000)).fill(0xee);
  const places = [memory.subarray(3, 103), memory.subarray(113, 114), memory.subarray(500, 700)];
  const bytes = stream(FIRST_BYTES + 250);
  const { far, near, first, outcome } = await reader((socket) => [
    readScattered(socket, places),
    readScattered(socket, places),
  ]);
  await delivered(far, bytes);
  near.resume();
  assert.deepEqual(await outcome, [250, 0], 'everything, and then nothing');
  assert.deepEqual(first, bytes.subarray(0, FIRST_BYTES));
  const got = [...memory.subarray(3, 103), memory[113], ...memory.subarray(500, 649)];
  assert.deepEqual(got, [...bytes.subarray(FIRST_BYTES)]);
  for (const at of [2, 103, 112, 114, 499, 649]) assert.equal(memory[at], 0xee, `byte ${at} is nobody’s place`);
});

test('a socket without a connection has nothing', () => {
  const near = connect({ host: '127.0.0.1', port: 1 });
  near.on('error', () => undefined);
  near.destroy();
  assert.equal(readScattered(near, [new Uint8Array(10)]), 0);
});

test('a connection that broke says so, as if the socket itself had read', { skip: onLinux }, async () => {
  const { far, near } = await reader((socket) => {
    assert.equal(readScattered(socket, [new Uint8Array(10)]), 0);
  });
  await delivered(far, stream(FIRST_BYTES));
  far.resetAndDestroy();
  await once(far, 'close');
  const lost = once(near, 'error');
  near.resume();
  const [error] = (await lost) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});
