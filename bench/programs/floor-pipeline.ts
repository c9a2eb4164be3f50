// The floor of a download, pipelined over two threads: one receives into a few buffers of 1 MiB that are used again and
// again, the other hashes and writes them, as many that wait as the product's own SHA-1 takes at once. `floor-pipeline.js BYTES FILE` prints one line of JSON.
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';
import net from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { chooseSha1 } from '#src/host/disk/sha1.ts';
import { printedLine } from '../clients/printed-line.ts';

const SLOT_BYTES = 2 ** 20;
/** Two groups of the widest SHA-1 and a few that are being filled, as the product lets wait. */
const SLOTS = 40;
const READ_BYTES = 256 * 1024;

interface Setting {
  readonly memory: SharedArrayBuffer;
  readonly file: string;
}

/** A slot that is full, on its way to the worker, or empty, on its way back. */
interface Handed {
  readonly slot: number;
  readonly position: number;
}

function work({ memory, file }: Setting): void {
  const fd = openSync(file, 'w');
  const port = parentPort!;
  const sha1 = chooseSha1('auto');
  const streams = Array.from({ length: sha1.abreast }, () => sha1.stream());
  const viewOf = (slot: number): Uint8Array => new Uint8Array(memory, slot * SLOT_BYTES, SLOT_BYTES);
  port.on('message', (first: Handed) => {
    const group = [first];
    while (group.length < sha1.abreast) {
      const next = receiveMessageOnPort(port);
      if (next === undefined) break;
      group.push(next.message as Handed);
    }
    for (const [at, { slot }] of group.entries()) sha1.add(streams[at]!, [viewOf(slot)], true);
    sha1.run();
    for (const handed of group) {
      writeSync(fd, viewOf(handed.slot), 0, SLOT_BYTES, handed.position);
      port.postMessage(handed);
    }
  });
  port.postMessage('ready');
}

async function receive(bytes: number, file: string): Promise<void> {
  const memory = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  new Uint8Array(memory).fill(1);
  const worker = new Worker(new URL(import.meta.url), { workerData: { memory, file } satisfies Setting });
  await new Promise((resolve) => worker.once('message', resolve));
  const sender: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('./floor-send.js', import.meta.url)), String(bytes)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await printedLine(sender, Number);
  const free = Array.from({ length: SLOTS - 1 }, (_, slot) => slot + 1);
  let [slot, filled, position] = [0, 0, 0];
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const socket = net.connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: () => {
        const length = Math.min(READ_BYTES, SLOT_BYTES - filled);
        return new Uint8Array(memory, slot * SLOT_BYTES + filled, length);
      },
      callback: (count) => {
        filled += count;
        if (filled === SLOT_BYTES) handOver();
        // The next destination is asked for before this can stop the reading: one slot is always in hand.
        return free.length > 0;
      },
    },
  });
  const handOver = (): void => {
    worker.postMessage({ slot, position } satisfies Handed);
    position += SLOT_BYTES;
    filled = 0;
    slot = free.pop()!;
  };
  let stored = 0;
  await new Promise<void>((resolve) => {
    worker.on('message', (handed: Handed) => {
      stored += SLOT_BYTES;
      if (stored === bytes) resolve();
      free.push(handed.slot);
      if (free.length === 1) socket.resume();
    });
  });
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6 })}\n`);
  process.exit(0);
}

if (isMainThread) await receive(Number(process.argv[2]), process.argv[3]!);
else work(workerData as Setting);
