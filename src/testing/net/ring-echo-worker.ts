// The far side of the ring test: reads records from one ring and writes them back into another, which is small, so that it
// has to wait for room again and again. Sleeps whenever there is nothing to be read.
import { parentPort, workerData } from 'node:worker_threads';
import { PackedRing } from '../../host/net/shard/packed-ring.ts';
import { RingPump } from '../../host/net/shard/ring-pump.ts';
import { RingReader } from '../../host/net/shard/ring-reader.ts';
import { FULL, RingWriter } from '../../host/net/shard/ring-writer.ts';

const port = parentPort!;
const { there, back } = workerData as { there: SharedArrayBuffer; back: SharedArrayBuffer };
const reader = new RingReader(new PackedRing(there));
const writer = new RingWriter(new PackedRing(back));

const wakeOther = (): void => {
  if (writer.takeSleeper()) port.postMessage(0);
};

const pump = new RingPump({
  reader,
  record: () => {
    let at = writer.begin(reader.kind, reader.length);
    while (at === FULL) {
      wakeOther();
      writer.waitForRoom();
      at = writer.begin(reader.kind, reader.length);
    }
    for (let i = 0; i < reader.length; i++) writer.ring.words[at + i] = reader.ring.words[reader.at + i]!;
    writer.end();
  },
  turned: wakeOther,
  // Whoever does not block waits for room; a message tells it, whether it sleeps or not.
  roomMade: () => port.postMessage(0),
});
port.on('message', () => pump.wake());
pump.wake();
