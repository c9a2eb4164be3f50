import { describePeerPort } from '../../testing/peers/peer-port-conformance.ts';
import type { PeerMaker } from '../../testing/peers/peer-stage.ts';
import { TcpHost } from './tcp-host.ts';

function tcpMaker(neverAdopt: boolean): PeerMaker {
  return (arena, sink) => {
    const port = new TcpHost({ arena, neverAdopt });
    port.start(sink);
    return {
      port,
      listen: (host, portNumber) => port.listen(host, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
}

describePeerPort('TcpHost', tcpMaker(false), { copiesAccepted: false });
describePeerPort('TcpHost without adoption', tcpMaker(true), { copiesAccepted: true });
