#!/usr/bin/env node
// The program `millrace`: hands the process over to the commands and its signals to them.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { CommandContext } from './context.ts';
import { systemReason } from './directory.ts';
import { EXIT_FAILED } from './exit-code.ts';
import { Interrupts } from './interrupts.ts';
import { library } from './library.ts';
import { runProgram } from './program.ts';

const clock = { nowMs: () => performance.now() };
const interrupts = new Interrupts((exitCode) => process.exit(exitCode), clock);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupts.interrupt(signal));

// Output that nobody takes ends the command in order. A reader that has gone (`millrace … | head`) wants no word of it;
// a full disk behind `> file` is a failure, even when it shows only after the command has done its work.
let outputLost = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && !outputLost) {
      outputLost = true;
      process.exitCode = EXIT_FAILED;
      if (stream === process.stdout)
        process.stderr.write(`millrace: cannot write the output: ${systemReason(error)}\n`);
    }
    interrupts.interrupt('SIGPIPE');
  });
}

const context: CommandContext = {
  library,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupts,
  clock,
};
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
// Not awaited at the top: what scripts/bundle.mjs makes of this is a CommonJS module.
void runProgram(process.argv.slice(2), version, context).then((exitCode) => {
  process.exitCode = outputLost ? EXIT_FAILED : exitCode;
});
