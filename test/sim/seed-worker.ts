// A thread that plays seeds, one after another.
import { parentPort } from 'node:worker_threads';
import { type Play, play } from './seed-range.ts';

parentPort!.on('message', (task: Play) => parentPort!.postMessage(play(task)));
