// The engine's end of one shard: its thread, its two rings, and when to wake whom. What it says to be heard goes to a
// listener; how it ended, to `died`.
import type { EventLoopUtilization } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { RING_WORDS, WORKER_NURSERY_MIB } from '../../limits.ts';
import { CommandWriter } from './command-writer.ts';
import { EventReader, type ShardListener } from './event-reader.ts';
import { PackedRing } from './packed-ring.ts';
import { RingPump } from './ring-pump.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';
import type { ShardData } from './shard-data.ts';
import { ShardFigures } from './shard-figures.ts';

export interface ShardParts {
  readonly name: string;
  readonly data: Omit<ShardData, 'commands' | 'events' | 'figures'>;
  readonly listener: ShardListener;
  /** The thread ended by itself, and with it every socket of it. All that it had said has been told. */
  readonly died: (reason: string) => void;
}

export class Shard {
  readonly commands: CommandWriter;
  readonly figures: ShardFigures = new ShardFigures();
  /** Links that live here. */
  links = 0;
  readonly #worker: Worker;
  readonly #ring: RingWriter;
  readonly #pump: RingPump;
  readonly #died: (reason: string) => void;
  readonly #startUtilization: EventLoopUtilization;
  #wakes = false;
  #ended = false;
  #reason = 'it ended';
  #whenDown: () => void = () => undefined;

  constructor(parts: ShardParts) {
    const commands = PackedRing.allocate(RING_WORDS);
    const events = PackedRing.allocate(RING_WORDS);
    this.#ring = new RingWriter(commands);
    this.commands = new CommandWriter(this.#ring, this.#wakeSoon);
    this.#died = parts.died;
    const reader = new EventReader(new RingReader(events), parts.listener);
    this.#pump = new RingPump({ reader: reader.reader, record: reader.tell, turned: this.#turned(reader) });
    const data: ShardData = {
      ...parts.data,
      commands: commands.memory,
      events: events.memory,
      figures: this.figures.memory,
    };
    this.#worker = new Worker(new URL('./shard-worker.js', import.meta.url), {
      workerData: data,
      name: parts.name,
      resourceLimits: { maxYoungGenerationSizeMb: WORKER_NURSERY_MIB },
    });
    this.#startUtilization = this.#worker.performance.eventLoopUtilization();
    this.#worker.on('message', this.#woken);
    this.#worker.on('error', (error: Error) => {
      this.#reason = error.message;
    });
    this.#worker.on('exit', () => this.#gone());
  }

  /** From 0 to 1. */
  get busy(): number {
    return this.#worker.performance.eventLoopUtilization(this.#startUtilization).utilization;
  }

  /** Closes all links and stops listening; resolves when that is done, or when the thread has died. */
  shutDown(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDown = resolve;
      this.commands.shutDown();
    });
  }

  /** It has said that everything is closed. */
  down(): void {
    this.#whenDown();
  }

  /** Ends the thread. What it still had to say is not told. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#pump.stop();
    await this.#worker.terminate();
  }

  /** There is something to be read, or room for commands that wait. */
  readonly #woken = (): void => {
    this.commands.flush();
    this.#pump.wake();
  };

  /** What the engine answers to all that it is told in one turn goes out with one wake-up. */
  #turned(reader: EventReader): () => void {
    return () => {
      reader.tellBlocks();
      this.#wake();
    };
  }

  /** Commands that are given in one go wake the shard once. */
  readonly #wakeSoon = (): void => {
    if (this.#wakes) return;
    this.#wakes = true;
    setImmediate(this.#wake);
  };

  readonly #wake = (): void => {
    this.#wakes = false;
    if (!this.#ended && this.#ring.takeSleeper()) this.#worker.postMessage(0);
  };

  #gone(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pump.finish();
    this.#died(this.#reason);
    this.#whenDown();
  }
}
