// A shard: the link host once more, in a thread of its own, whose commands come from one ring and whose events go
// into another. Blocks are placed by the very code that places them on the engine's thread.
import type { PeerAddress } from '../../../engine/ports.ts';
import { framesOf } from '../../memory/arena.ts';
import { timedPeerPort } from '../../profile/timed-ports.ts';
import { Egress } from '../egress.ts';
import { IncomingNumbers } from '../incoming-numbers.ts';
import { LinkHost } from '../link-host.ts';
import { CommandReader } from './command-reader.ts';
import { EventWriter } from './event-writer.ts';
import { PackedRing } from './packed-ring.ts';
import { RingPump } from './ring-pump.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';
import type { ShardData } from './shard-data.ts';
import { ShardFigures } from './shard-figures.ts';

export class ShardLoop {
  readonly #host: LinkHost;
  readonly #events: EventWriter;
  readonly #figures: ShardFigures;
  readonly #pump: RingPump;

  /** `wakeEngine` tells the engine's thread that there is something to be read, or room again. */
  constructor(data: ShardData, wakeEngine: () => void) {
    this.#figures = new ShardFigures(data.figures);
    const { counters, times } = this.#figures;
    const host = new LinkHost({
      arena: { shared: data.arena, frames: framesOf(data.arena) },
      encryption: data.encryption,
      egress: new Egress(data.egress),
      sharing: { owners: new Int32Array(data.owners), numbers: new IncomingNumbers(data.numbers), counters },
      engineElsewhere: true,
      ...(data.profile && { times }),
    });
    this.#host = host;
    this.#events = new EventWriter({
      ring: new RingWriter(new PackedRing(data.events)),
      wake: wakeEngine,
      encrypted: (link) => host.encrypted(link),
    });
    host.start(this.#events);
    const reader = new RingReader(new PackedRing(data.commands));
    const commands = new CommandReader(reader, data.profile ? timedPeerPort(host, times) : host, {
      resume: (link) => host.resume(link),
      admit: (link) => host.admit(link),
      refuse: (link) => host.refuse(link),
      listen: (ticket, address, ipv6Only) => this.#listen(ticket, address, ipv6Only),
      shutDown: () => this.#shutDown(),
    });
    this.#pump = new RingPump({
      reader,
      record: commands.act,
      turned: () => {
        this.#figures.sealedBytes = host.sealedBytes;
      },
      roomMade: wakeEngine,
    });
    this.#pump.wake();
  }

  /** There are commands. */
  wake(): void {
    this.#pump.wake();
  }

  #listen(ticket: number, { host, port }: PeerAddress, ipv6Only: boolean): void {
    this.#host.listen(host, port, ipv6Only).then(
      (bound) => this.#events.listening(ticket, bound),
      (error: NodeJS.ErrnoException) =>
        this.#events.notListening(ticket, { code: error.code ?? 'ERR_LINK_SOCKET', message: error.message }),
    );
  }

  async #shutDown(): Promise<void> {
    await this.#host.shutdown();
    this.#events.down();
  }
}
