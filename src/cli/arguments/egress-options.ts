// Options of every command that may open a socket: through which proxy, and from where.
import type { Command } from 'commander';
import type { ClientOptions } from '../library.ts';

/** The options as commander hands them over. */
export interface EgressOptions {
  readonly proxy?: string;
  readonly bind?: string;
}

/** Adds them to a command. */
export function addEgressOptions(command: Command): Command {
  return command
    .option(
      '--proxy <url>',
      'go out through this proxy and nowhere else: socks5://[USER:PASSWORD@]HOST:PORT or http://…',
    )
    .option('--bind <address>', 'bind every socket to this address of this machine, or to an interface');
}

/** What they mean to the library. */
export function egressFrom({ proxy, bind }: EgressOptions): Pick<ClientOptions, 'proxy' | 'bind'> {
  return { ...(proxy !== undefined && { proxy }), ...(bind !== undefined && { bind }) };
}
