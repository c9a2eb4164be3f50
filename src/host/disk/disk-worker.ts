// Entry of a disk worker thread: joins the loop to the thread's port.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import type { DiskWorkerData, ToDiskWorker } from './disk-messages.ts';
import { loadFileSystem } from './file-system-module.ts';
import { WorkerLoop } from './worker-loop.ts';

async function main(): Promise<void> {
  const port = parentPort;
  assert(port !== null, 'disk-worker runs in a worker thread');
  const data = workerData as DiskWorkerData;
  const loop = new WorkerLoop(data, await loadFileSystem(data.fileSystem), {
    receive: () => receiveMessageOnPort(port)?.message as ToDiskWorker | undefined,
    send: (message) => {
      const bytes = message.kind === 'answer' ? message.bytes : undefined;
      port.postMessage(message, bytes === undefined ? [] : [bytes.buffer]);
    },
  });
  port.on('message', (message: ToDiskWorker) => loop.work(message));
}

// Not awaited at the top: what scripts/bundle.mjs makes of this is a CommonJS module.
void main();
