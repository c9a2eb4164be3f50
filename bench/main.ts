// `npm run bench`: see docs/performance.md.
import process from 'node:process';

process.stderr.write('no benchmark yet\n');
