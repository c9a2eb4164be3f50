// Options that `get` and `seed` share: whom to connect to, where to listen, how much to spend.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../../base/errors.ts';
import type { AddOptions, ClientOptions, PeerAddress } from '../library.ts';
import { parseListen, parsePeer } from './address.ts';
import { addEgressOptions, type EgressOptions, egressFrom } from './egress-options.ts';
import { parseNetThreads } from './net-threads.ts';
import { parseCount, parseRate, parseSize } from './quantity.ts';

/** The options as commander hands them over. */
export interface NetworkOptions extends EgressOptions {
  readonly peer?: readonly PeerAddress[];
  readonly listen?: { readonly host?: string; readonly port: number };
  readonly trackers: boolean;
  readonly allowLocal?: boolean;
  readonly nat: boolean;
  readonly pex: boolean;
  readonly lsd: boolean;
  readonly dht: boolean;
  readonly dhtNode?: readonly PeerAddress[];
  readonly dhtAddress?: readonly string[];
  readonly encryption: NonNullable<ClientOptions['encryption']>;
  readonly utp: NonNullable<ClientOptions['utp']>;
  readonly scheduling: NonNullable<ClientOptions['scheduling']>;
  readonly memory?: number;
  readonly maxPeers?: number;
  readonly uploadSlots?: number;
  readonly netThreads?: number | 'auto';
  readonly down?: number;
  readonly up?: number;
  readonly ipFilter?: string;
  readonly profile?: boolean;
}

/** Adds the shared options to a command. */
export function addNetworkOptions(command: Command): Command {
  return addEgressOptions(command)
    .addOption(repeatable('--peer <host:port>', 'connect to this peer (repeatable)', parsePeer))
    .option('--listen <[host:]port>', 'where to listen for peers (default: any free port)', argument(parseListen))
    .option('--no-trackers', 'do not announce to the trackers of the torrent')
    .option('--allow-local', 'ask whatever trackers and web seeds a torrent names in your own network')
    .option('--no-dht', 'do not look for peers in the DHT, and take no part in it')
    .addOption(
      repeatable('--dht-node <host:port>', 'begin with this node, not the public ones (repeatable)', parsePeer),
    )
    .addOption(
      repeatable('--dht-address <address>', 'take part in the DHT from this address of yours (repeatable)', String),
    )
    .option('--no-lsd', 'do not look for peers in your own network')
    .option('--no-pex', 'do not exchange peers with peers')
    .option('--no-nat', 'do not ask the router to let peers in')
    .addOption(
      new Option('--encryption <mode>', 'allow, prefer or require encrypted connections, or use none')
        .choices(['allow', 'prefer', 'require', 'off'])
        .default('allow'),
    )
    .addOption(
      new Option('--utp <mode>', 'connect over uTP, too (on), rather than over TCP (prefer), or not at all (off)')
        .choices(['on', 'off', 'prefer'])
        .default('on'),
    )
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
    .option(
      '--ip-filter <file>',
      'list of addresses to have nothing to do with: p2p, ipfilter.dat or CIDR, also gzipped',
    )
    .option('--up <rate>', 'upload limit per second, e.g. 500k or 10MB/s', argument(parseRate));
}

/** What they mean for the one torrent that a command is about. */
export function torrentOptionsFrom(options: NetworkOptions): Pick<AddOptions, 'trackers' | 'peers' | 'uploadSlotsMax'> {
  return {
    trackers: options.trackers,
    ...(options.peer === undefined ? {} : { peers: options.peer }),
    ...(options.uploadSlots === undefined ? {} : { uploadSlotsMax: options.uploadSlots }),
  };
}

/** What the options mean to the library. */
export function clientOptionsFrom(options: NetworkOptions): ClientOptions {
  const { dhtNode: nodes, dhtAddress: addresses } = options;
  return {
    encryption: options.encryption,
    utp: options.utp,
    scheduling: options.scheduling,
    ...egressFrom(options),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
    ...(options.maxPeers === undefined ? {} : { peersMax: options.maxPeers }),
    ...(options.netThreads === undefined ? {} : { netThreads: options.netThreads }),
    ...(options.down === undefined ? {} : { downloadBytesPerSecond: options.down }),
    ...(options.up === undefined ? {} : { uploadBytesPerSecond: options.up }),
    ...(options.ipFilter === undefined ? {} : { ipFilter: options.ipFilter }),
    ...(options.allowLocal ? { allowLocal: true } : {}),
    ...(options.lsd ? {} : { lsd: false }),
    ...(options.nat ? {} : { portMapping: false }),
    ...(options.pex ? {} : { pex: false }),
    dht: options.dht && { ...(nodes && { nodes }), ...(addresses && { addresses }) },
    ...(options.profile ? { profile: true } : {}),
  };
}

/** Makes a parser fit for commander: what it refuses is reported with the option's name. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof InputError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** An option that may be given many times, one value each. */
export function repeatable<T>(flags: string, description: string, parse: (text: string) => T): Option {
  const parseOne = argument(parse);
  return new Option(flags, description).argParser<T[]>((text, previous) => [...(previous ?? []), parseOne(text)]);
}
