// Tests of whole clients run over either network host: MILLRACE_NET_THREADS=2 puts every connection of theirs in threads.
import process from 'node:process';

/** What `--net-threads` is to be; `undefined` for what it is by itself. */
export const NET_THREADS: string | undefined = process.env['MILLRACE_NET_THREADS'];
