// The crowd of `npm run bench -- hostile`: hostile-crowd.js HOST:PORT INFO_HASH COUNT. Prints `gathered` when everybody was
// connected once, and goes on until it is ended.
import process from 'node:process';
import { HostileCrowd } from '#src/testing/peers/hostile-crowd.ts';

const [, , address = '', infoHash = '', count = ''] = process.argv;
const [host = '', port = ''] = address.split(':');
const crowd = new HostileCrowd({ host, port: Number(port) }, Buffer.from(infoHash, 'hex'), Number(count));
await crowd.gathered;
process.stdout.write('gathered\n');
