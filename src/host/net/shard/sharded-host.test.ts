import { describePeerPort } from '../../../testing/peers/peer-port-conformance.ts';
import { type PeerMaker, STAGE_INFO_HASH } from '../../../testing/peers/peer-stage.ts';
import type { EncryptionMode } from '../encryption.ts';
import { ShardedHost } from './sharded-host.ts';

function shardedMaker(threads: number, encryption: EncryptionMode = 'off'): PeerMaker {
  return (arena, sink) => {
    const port = new ShardedHost({ arena, threads, encryption });
    port.start(sink);
    port.share(STAGE_INFO_HASH);
    return {
      encrypted: encryption === 'require',
      port,
      listen: (host, portNumber) => port.listen(host, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
}

describePeerPort('ShardedHost of two threads', shardedMaker(2), { copiesAccepted: false, tcpAlone: true });
describePeerPort('encrypted ShardedHost', shardedMaker(1, 'require'), { copiesAccepted: false, tcpAlone: true });
