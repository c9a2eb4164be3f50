// Options that `get`, `stream` and `seed` share: whom to meet and how, and how much to spend.
import { type Command, Option } from 'commander';
import type { AddOptions, ClientOptions } from '../library.ts';
import { parseNetThreads } from './net-threads.ts';
import { argument, repeatable } from './option-values.ts';
import { addPeerOptions, type PeerOptions, peerOptionsFrom, swarmOptionsFrom } from './peer-options.ts';
import { parseCount, parseRate, parseSize } from './quantity.ts';

/** The options as commander hands them over. */
export interface NetworkOptions extends PeerOptions {
  readonly nat: boolean;
  readonly dhtAddress?: readonly string[];
  readonly scheduling: NonNullable<ClientOptions['scheduling']>;
  readonly memory?: number;
  readonly maxPeers?: number;
  readonly uploadSlots?: number;
  readonly netThreads?: number | 'auto';
  readonly down?: number;
  readonly up?: number;
  readonly profile?: boolean;
}

/** Adds the shared options to a command. */
export function addNetworkOptions(command: Command): Command {
  return addPeerOptions(command)
    .addOption(
      repeatable('--dht-address <address>', 'take part in the DHT from this address of yours (repeatable)', String),
    )
    .option('--no-nat', 'do not ask the router to let peers in')
    .addOption(
      new Option('--scheduling <policy>', 'take in what arrives at once, or in batches (see docs/performance.md)')
        .choices(['immediate', 'adaptive', 'tick-50', 'tick-100'])
        .default('immediate'),
    )
    .option('--memory <size>', 'hard cap on piece memory (default: 128MiB)', argument(parseSize))
    .option('--max-peers <number>', 'most connected peers (default: 100)', argument(parseCount))
    .option(
      '--upload-slots <number>',
      'most peers that are uploaded to at once (default: as many as the line serves well)',
      argument(parseCount),
    )
    .option(
      '--net-threads <n>',
      'threads for the connections: 0 for none of their own, or auto',
      argument(parseNetThreads),
    )
    .option('--up <rate>', 'upload limit per second, e.g. 500k or 10MB/s', argument(parseRate));
}

/** What they mean for a torrent that a command is about. */
export function torrentOptionsFrom(options: NetworkOptions): Pick<AddOptions, 'trackers' | 'peers' | 'uploadSlotsMax'> {
  return {
    ...swarmOptionsFrom(options),
    ...(options.uploadSlots === undefined ? {} : { uploadSlotsMax: options.uploadSlots }),
  };
}

/** What the options mean to the library. */
export function clientOptionsFrom(options: NetworkOptions): ClientOptions {
  const { dht, ...peers } = peerOptionsFrom(options);
  const { dhtAddress: addresses } = options;
  return {
    ...peers,
    scheduling: options.scheduling,
    ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
    ...(options.maxPeers === undefined ? {} : { peersMax: options.maxPeers }),
    ...(options.netThreads === undefined ? {} : { netThreads: options.netThreads }),
    ...(options.down === undefined ? {} : { downloadBytesPerSecond: options.down }),
    ...(options.up === undefined ? {} : { uploadBytesPerSecond: options.up }),
    ...(options.nat ? {} : { portMapping: false }),
    dht: typeof dht === 'object' && { ...dht, ...(addresses && { addresses }) },
    ...(options.profile ? { profile: true } : {}),
  };
}
