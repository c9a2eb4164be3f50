// Where the sockets of a client live: on the engine's thread, or in threads of their own.
import os from 'node:os';
import type { DatagramPorts } from '../engine/datagram-port.ts';
import type { Arena } from '../host/memory/arena.ts';
import type { Egress } from '../host/net/egress.ts';
import type { EncryptionMode } from '../host/net/encryption.ts';
import { JointHost } from '../host/net/joint/joint-host.ts';
import { LinkHost } from '../host/net/link-host.ts';
import type { NetHost } from '../host/net/net-host.ts';
import { ShardedHost } from '../host/net/shard/sharded-host.ts';
import type { StageTimes } from '../host/profile/stage-times.ts';
import type { ClientSettings } from './client-options.ts';
import type { TorrentWarning } from './types.ts';

/** What deciphers for peers that all encrypt: RC4 costs ten times what receiving does, and takes a core at 300 MiB/s. */
const SEALED_THREADS = 2;

export interface NetHostParts {
  readonly settings: Pick<ClientSettings, 'netThreads' | 'encryption' | 'utp'>;
  readonly arena: Arena;
  /** UDP sockets for uTP, which is spoken on the engine's thread alone. */
  readonly datagrams: DatagramPorts;
  /** The way to those whom we dial. */
  readonly egress: Egress;
  /** Present when profiling. */
  readonly times: StageTimes | undefined;
  readonly warn: (warning: TorrentWarning) => void;
}

/**
 * What `auto` means: what measured best (docs/decisions/0014-network-threads.md). Sockets on the engine's thread are faster and
 * cost less, also on two cores, but where most of what comes has to be deciphered.
 */
export function autoNetThreads(encryption: EncryptionMode, cores: number = os.availableParallelism()): number {
  const sealed = encryption === 'require' || encryption === 'prefer';
  return sealed && cores > 1 ? SEALED_THREADS : 0;
}

export function makeNetHost({ settings, arena, times, datagrams, egress, warn }: NetHostParts): NetHost {
  const { encryption, utp } = settings;
  const threads = settings.netThreads === 'auto' ? autoNetThreads(encryption) : settings.netThreads;
  if (threads === 0) return new LinkHost({ arena, encryption, utp, datagrams, egress, ...(times && { times }) });
  const sharded = new ShardedHost({
    arena,
    threads,
    encryption,
    egress: egress.settings,
    profile: times !== undefined,
    onShardDeath: (reason) => {
      const message = `A network thread died and its connections with it: ${reason}. This is a bug: please report it.`;
      warn({ code: 'ERR_NET_THREAD', message });
    },
  });
  if (utp === 'off') return sharded;
  const { sharing } = sharded;
  const parts = { arena, encryption, utp: 'on', datagrams, egress, sharing, ...(times && { times }) } as const;
  return new JointHost({ tcp: sharded, utp: new LinkHost(parts), mode: utp });
}
