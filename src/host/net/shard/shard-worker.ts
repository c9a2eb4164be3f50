// Entry of a shard's thread: joins the loop to the thread's port, over which nothing but wake-ups pass.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../../base/assert.ts';
import type { ShardData } from './shard-data.ts';
import { ShardLoop } from './shard-loop.ts';

const port = parentPort;
assert(port !== null, 'a shard runs in a worker thread');
const loop = new ShardLoop(workerData as ShardData, () => port.postMessage(0));
port.on('message', () => loop.wake());
