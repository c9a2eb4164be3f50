// Reads the list of a client's IP filter: a file, plain or gzipped, or lines in the program's own hand.
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../base/errors.ts';
import type { IpFilter } from '../engine/swarm/ip-filter.ts';
import { IpFilterBuilder } from '../engine/swarm/ip-filter-builder.ts';
import { IpListParser } from '../protocol/filter/ip-list-parser.ts';
import { IP_LIST_BYTES_MAX } from './limits.ts';
import type { IpFilterReport, IpFilterSource } from './types.ts';

const GZIP_MAGIC = 0x1f8b;

/** A filter, and what became of the lines that it was made of. */
export interface LoadedIpFilter {
  readonly filter: IpFilter;
  readonly report: IpFilterReport;
}

/** Reads a list. Throws InputError ERR_FILTER_READ, ERR_FILTER_TOO_LARGE or ERR_FILTER_EMPTY. */
export async function loadIpFilter(source: IpFilterSource): Promise<LoadedIpFilter> {
  const builder = new IpFilterBuilder();
  const parser = new IpListParser(builder);
  if (typeof source === 'string') await readFile(source, parser);
  else for (const line of source) parser.push(new TextEncoder().encode(`${line}\n`));
  parser.end();
  const { ranges, malformed, firstMalformed } = parser;
  if (ranges === 0 && malformed > 0) {
    const name = typeof source === 'string' ? source : 'the list';
    const message = `${name} names no addresses: line ${firstMalformed} is neither p2p text, nor ipfilter.dat, nor CIDR`;
    throw new InputError('ERR_FILTER_EMPTY', message);
  }
  const filter = builder.build();
  const report = { ranges: filter.size, skippedLines: malformed, firstSkippedLine: firstMalformed };
  return { filter, report: { ...report, excessRanges: builder.excess } };
}

async function readFile(path: string, parser: IpListParser): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { buffer: magic, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const plain = handle.createReadStream({ start: 0, autoClose: false });
    await take(bytesRead === 2 && magic.readUInt16BE() === GZIP_MAGIC ? unzipped(plain) : plain, path, parser);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const message = `the IP filter ${path} cannot be read: ${(error as Error).message}`;
    throw new InputError('ERR_FILTER_READ', message, { cause: error });
  } finally {
    await handle?.close();
  }
}

function unzipped(packed: Readable): Readable {
  const plain = createGunzip();
  packed.on('error', (error) => plain.destroy(error));
  plain.on('close', () => packed.destroy());
  return packed.pipe(plain);
}

async function take(stream: Readable, path: string, parser: IpListParser): Promise<void> {
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > IP_LIST_BYTES_MAX) {
      const message = `the IP filter ${path} has more than ${IP_LIST_BYTES_MAX / 1024 / 1024} MiB`;
      throw new InputError('ERR_FILTER_TOO_LARGE', message);
    }
    parser.push(chunk);
  }
}
