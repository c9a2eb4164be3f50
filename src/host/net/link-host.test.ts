import assert from 'node:assert/strict';
import test from 'node:test';
import { describePeerPort } from '../../testing/peers/peer-port-conformance.ts';
import { type PeerMaker, PeerStage, STAGE_INFO_HASH } from '../../testing/peers/peer-stage.ts';
import { RawConnection } from '../../testing/peers/raw-peer.ts';
import type { EncryptionMode } from './encryption.ts';
import { LinkHost } from './link-host.ts';

function tcpMaker(neverAdopt: boolean, encryption: EncryptionMode = 'off'): PeerMaker {
  return (arena, sink) => {
    const port = new LinkHost({ arena, neverAdopt, encryption });
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

describePeerPort('LinkHost', tcpMaker(false), { copiesAccepted: false, tcpAlone: true });
describePeerPort('LinkHost without adoption', tcpMaker(true), { copiesAccepted: true, tcpAlone: true });
describePeerPort('LinkHost that allows encryption', tcpMaker(false, 'allow'), {
  copiesAccepted: false,
  tcpAlone: true,
});
describePeerPort('encrypted LinkHost', tcpMaker(false, 'require'), { copiesAccepted: false, tcpAlone: true });
describePeerPort('encrypted LinkHost without adoption', tcpMaker(true, 'require'), {
  copiesAccepted: true,
  tcpAlone: true,
});

test('a stranger over IPv4 has the same address when we listen for both families', {
  timeout: 10_000,
}, async (context) => {
  await PeerStage.play(tcpMaker(false), async (stage) => {
    const address = await stage.subject.listen('::', 0).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof address !== 'object') return context.skip(`no IPv6 here: ${address}`);
    await RawConnection.dial({ host: '127.0.0.1', port: address.port });
    await stage.recorder.until(() => stage.recorder.strangers.length === 1);
    assert.equal(stage.recorder.strangers[0]!.address.host, '127.0.0.1');
  });
});

test('listening where somebody listens already rejects with the reason of the system', {
  timeout: 10_000,
}, async () => {
  await PeerStage.play(tcpMaker(false), async (stage) => {
    const { host, port } = await stage.listen();
    await assert.rejects(stage.subject.listen(host, port), { code: 'EADDRINUSE' });
  });
});
