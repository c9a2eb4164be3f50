#!/usr/bin/env node
// The command line. Each command lives in a file of its own under commands/.
import process from 'node:process';

process.stderr.write('millrace: not built yet\n');
process.exitCode = 2;
