// Is a foreign client installed? A missing one is skipped aloud, or is a failure where nothing may be missing (CI).
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

/** True in places, such as `.ci/run`, that promise to have every foreign client. */
const required = process.env['MILLRACE_REQUIRE_PEERS'] === '1';

/** Says aloud that a test cannot run here and why; a failure where everything is required. Returns true. */
export function skipAloud(t: Pick<TestContext, 'skip'>, reason: string): true {
  if (required) throw new Error(`MILLRACE_REQUIRE_PEERS=1, but ${reason}`);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  t.skip(reason);
  return true;
}

/** True when the command runs and succeeds. */
export function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}
