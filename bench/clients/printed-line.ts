// Waits for a line that a client prints, and for nothing else: a client that ends before it has failed.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Calls `match` for each line of standard output; settles with its first answer that is not `undefined`, or its error. */
export function printedLine<T>(child: ChildProcess, match: (line: string) => T | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let last = '';
    child.once('error', reject);
    createInterface({ input: child.stdout! })
      .on('line', (line) => {
        last = line;
        try {
          const found = match(line);
          if (found !== undefined) resolve(found);
        } catch (error) {
          reject(error);
        }
      })
      // After every line was read: a client may print its last line and end at once.
      .on('close', () => reject(new Error(`ended early; its last line: ${last}`)));
  });
}
