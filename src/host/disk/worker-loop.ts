// The order in which a disk worker does things. Before each step it takes everything that waits at its port, so that
// runs which came while it was busy meet their neighbours; reads are for peers that wait, so they go before writes.
// A call is a barrier: what came before it is done first, what comes after it waits.
import { assert, assertNever } from '../../base/assert.ts';
import { RUN_STORE, RUN_STRIDE, type StoreId } from '../../engine/ports.ts';
import { framesOf } from '../memory/arena.ts';
import { BlockReader } from './block-reader.ts';
import { type CounterRow, counterRow } from './disk-counters.ts';
import type { DiskAnswer, DiskCall, DiskWorkerData, FromDiskWorker, ToDiskWorker } from './disk-messages.ts';
import { FileMover } from './file-mover.ts';
import { lookAtFiles, partedFiles } from './file-stats.ts';
import type { FileSystem } from './file-system.ts';
import { loadFile } from './load-file.ts';
import { OpenFiles } from './open-files.ts';
import { RunWriter } from './run-writer.ts';
import { chooseSha1 } from './sha1.ts';
import { packFailure, toStorageError } from './storage-failure.ts';
import { StoreFiles } from './store-files.ts';
import type { StoreLayout } from './store-layout.ts';
import { VectoredTransfer } from './vectored-transfer.ts';
import { WorkerStore } from './worker-store.ts';

/** Number of a store whose files are handled as a whole, in one go: it is none of those that are open. */
const PASSING = -2;

/** The worker's end of its port. */
export interface WorkerPort {
  /** The next message that waits, or `undefined`. */
  receive(): ToDiskWorker | undefined;
  send(message: FromDiskWorker): void;
}

export class WorkerLoop {
  readonly #port: WorkerPort;
  readonly #stores = new Map<StoreId, WorkerStore>();
  /** Stores with runs that wait. */
  readonly #busy = new Set<WorkerStore>();
  readonly #system: FileSystem;
  readonly #openFiles: OpenFiles;
  readonly #storeFiles: StoreFiles;
  readonly #reader: BlockReader;
  readonly #writer: RunWriter;
  #barrier: ToDiskWorker | undefined;

  constructor(data: DiskWorkerData, system: FileSystem, port: WorkerPort) {
    const frames = framesOf(data.arena);
    const counters: CounterRow = counterRow(data.counters, data.worker);
    this.#port = port;
    this.#system = system;
    this.#openFiles = new OpenFiles(system, data.openFilesMax);
    this.#storeFiles = new StoreFiles(system, this.#openFiles);
    const reads = new VectoredTransfer('read', system, this.#openFiles, counters);
    this.#reader = new BlockReader(frames, reads, (id) => this.#store(id));
    this.#writer = new RunWriter({
      frames,
      reads,
      sha1: chooseSha1(data.hashing),
      writes: new VectoredTransfer('write', system, this.#openFiles, counters),
      counters,
      profile: data.profile,
      report: (batch, failures, differences) => port.send({ kind: 'stored', batch, failures, differences }),
    });
  }

  /** Does everything that waits. `first` is the message that woke the worker. */
  work(first: ToDiskWorker): void {
    this.#accept(first);
    for (;;) {
      this.#drain();
      const store = this.#busy.values().next().value;
      if (store !== undefined) {
        this.#writer.step(store);
        // Stores take turns: the one that was served goes to the end.
        this.#busy.delete(store);
        if (!store.queue.empty) this.#busy.add(store);
      } else if (this.#barrier !== undefined) {
        const barrier = this.#barrier;
        this.#barrier = undefined;
        this.#pass(barrier);
      } else {
        return;
      }
    }
  }

  #drain(): void {
    while (this.#barrier === undefined) {
      const message = this.#port.receive();
      if (message === undefined) return;
      this.#accept(message);
    }
  }

  #accept(message: ToDiskWorker): void {
    if (message.kind === 'runs') {
      const { batch } = message;
      for (let record = 0; record < batch.length; record += RUN_STRIDE) {
        const store = this.#store(batch[record + RUN_STORE]!);
        store.queue.push(batch, record);
        this.#busy.add(store);
      }
    } else if (message.kind === 'reads') {
      const batch = this.#reader.read(message.batch);
      this.#port.send({ kind: 'read', batch, failures: this.#reader.takeFailures() });
    } else if (message.kind === 'store') {
      this.#stores.set(message.store, new WorkerStore(message.store, message.layout));
    } else {
      this.#barrier = message;
    }
  }

  #pass(barrier: ToDiskWorker): void {
    if (barrier.kind === 'forget') {
      this.#stores.get(barrier.store)?.progress.delete(barrier.piece);
    } else if (barrier.kind === 'call') {
      const { id, call } = barrier;
      const path = call.name === 'prepare' ? call.layout.directory : 'the download folder';
      try {
        this.#port.send({ kind: 'answer', id, ...this.#call(call) });
      } catch (error) {
        const failure = packFailure(toStorageError(error, { action: 'write', path, bytesLeft: 0 }));
        this.#port.send({ kind: 'answer', id, failure });
      }
    }
  }

  #call(call: DiskCall): Pick<DiskAnswer, 'bytes' | 'stats'> | undefined {
    switch (call.name) {
      case 'look':
        return { stats: lookAtFiles(this.#system, call.layout) };
      case 'prepare':
        return this.#prepare(call.layout, call.look);
      case 'load':
        return { bytes: loadFile(this.#system, call.path, call.bytesMax) };
      case 'read':
        return { bytes: this.#reader.readBytes(this.#store(call.store), call.offset, call.length) };
      case 'move':
        return { bytes: this.#move(call) };
      case 'rehouse':
        return void this.#store(call.store).rehouse(call.layout);
      case 'compare':
        return void this.#openFiles.compare(this.#store(call.store));
      case 'release':
        return void this.#openFiles.closeStore(this.#store(call.store));
      case 'remove':
        return void this.#forgetFiles(this.#store(call.store));
      case 'unlink':
        return void this.#storeFiles.remove(new WorkerStore(PASSING, call.layout));
      case 'close':
        return void this.#close(call.store);
      case 'exit':
        return void this.#openFiles.closeAll();
      case 'flush':
        // Behind the runs that came before it: that is all.
        return undefined;
      default:
        return assertNever(call);
    }
  }

  /** Returns what could not be deleted at the old place, as text. */
  #move({ from, to, control, note }: Extract<DiskCall, { name: 'move' }>): Uint8Array<ArrayBuffer> {
    const mover = new FileMover(this.#system, this.#openFiles);
    const left = mover.move(new WorkerStore(PASSING, from), new WorkerStore(PASSING, to), control, note);
    return new Uint8Array(Buffer.from(left.join('; ')));
  }

  #forgetFiles(store: WorkerStore): void {
    this.#openFiles.closeStore(store);
    store.progress.clear();
    store.failed.clear();
    store.trustedFolders.clear();
  }

  #close(id: StoreId): void {
    const store = this.#stores.get(id);
    if (store !== undefined) this.#openFiles.closeStore(store);
    this.#stores.delete(id);
  }

  #prepare(layout: StoreLayout, look: boolean): Pick<DiskAnswer, 'stats'> | undefined {
    // Looked at before anything is made: preallocated zeros are not data.
    const stats = look ? lookAtFiles(this.#system, layout) : undefined;
    const parted = stats ? partedFiles(layout, stats) : layout.parted;
    const store = new WorkerStore(PASSING, { ...layout, ...(parted && { parted }) });
    try {
      this.#storeFiles.prepare(store);
    } finally {
      this.#openFiles.closeStore(store);
    }
    return stats && { stats };
  }

  #store(id: StoreId): WorkerStore {
    const store = this.#stores.get(id);
    assert(store !== undefined, `store ${id} is open`);
    return store;
  }
}
