// Downloads a URL to a file with undici, as a program would, and prints the seconds that it took.
import { createWriteStream } from 'node:fs';
import process from 'node:process';
import { stream } from 'undici';

const [url = '', file = ''] = process.argv.slice(2);
const startMs = performance.now();
await stream(url, { method: 'GET' }, () => createWriteStream(file, { highWaterMark: 1 << 20 }));
console.log(JSON.stringify({ seconds: (performance.now() - startMs) / 1000 }));
