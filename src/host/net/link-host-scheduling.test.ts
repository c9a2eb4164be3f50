// What is heard through a Backlog is heard as from any other host: conformance to the port does not change with the pace.
import type { StorageSink } from '../../engine/ports.ts';
import { Backlog } from '../../engine/scheduling/backlog.ts';
import { paceOf, SCHEDULINGS } from '../../engine/scheduling/scheduling.ts';
import { describePeerPort } from '../../testing/peers/peer-port-conformance.ts';
import { STAGE_INFO_HASH } from '../../testing/peers/peer-stage.ts';
import { LinkHost } from './link-host.ts';

const noStorage: StorageSink = {
  runsStored: () => undefined,
  blocksDiffered: () => undefined,
  blocksRead: () => undefined,
  storageFailed: () => undefined,
};

for (const scheduling of SCHEDULINGS) {
  const pace = paceOf(scheduling);
  if (pace === undefined) continue;
  const make: Parameters<typeof describePeerPort>[1] = (arena, sink) => {
    const port = new LinkHost({ arena });
    const clock = { nowMs: () => performance.now() };
    const plan = (delayMs: number, deliver: () => void): void => void setTimeout(deliver, delayMs);
    const backlog = new Backlog({ pace, clock, plan });
    backlog.start(sink, noStorage);
    port.start(backlog);
    port.share(STAGE_INFO_HASH);
    return {
      port: backlog.heed(port),
      listen: (host, portNumber) => port.listen(host, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
  describePeerPort(`LinkHost, ${scheduling}`, make, { copiesAccepted: false, tcpAlone: true });
}
