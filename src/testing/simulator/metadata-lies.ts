// How a host lies about the metadata of a torrent (BEP 9): its engine is honest, and what it says is changed on the way out.

import { EXTENSION_IDS } from '../../protocol/extension/extension-table.ts';
import {
  decodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  encodeExtendedHandshake,
} from '../../protocol/extension/handshake.ts';
import { decodeMetadataMessage, encodeMetadataMessage } from '../../protocol/extension/metadata-message.ts';
import { EXTENDED } from '../../protocol/wire/message-id.ts';
import { encodeExtended } from '../../protocol/wire/message-writer.ts';

/** `rubbish`: sends wrong bytes. `silence`: never answers. `refusal`: refuses every piece. `longer`, `shorter`: says that it has another size. */
export type MetadataLie = 'rubbish' | 'silence' | 'refusal' | 'longer' | 'shorter';

/** What goes out instead of one message, length prefix included; `undefined` for nothing. */
export function lieAboutMetadata(lie: MetadataLie, bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[4] !== EXTENDED) return bytes;
  if (bytes[5] === EXTENDED_HANDSHAKE_ID) return claimSize(lie, bytes);
  if (bytes[5] !== EXTENSION_IDS.ut_metadata) return bytes;
  const message = decodeMetadataMessage(bytes.subarray(6));
  if (message?.type !== 'data') return bytes;
  if (lie === 'silence') return undefined;
  if (lie === 'refusal') {
    return encodeExtended(EXTENSION_IDS.ut_metadata, encodeMetadataMessage({ type: 'reject', piece: message.piece }));
  }
  const wrong = message.bytes.slice();
  wrong[0]! ^= 1;
  return encodeExtended(EXTENSION_IDS.ut_metadata, encodeMetadataMessage({ ...message, bytes: wrong }));
}

function claimSize(lie: MetadataLie, bytes: Uint8Array): Uint8Array {
  if (lie !== 'longer' && lie !== 'shorter') return bytes;
  const handshake = decodeExtendedHandshake(bytes.subarray(6));
  const { metadataBytes } = handshake;
  if (metadataBytes === undefined) return bytes;
  const claimed = lie === 'longer' ? metadataBytes * 2 : Math.ceil(metadataBytes / 2);
  return encodeExtended(EXTENDED_HANDSHAKE_ID, encodeExtendedHandshake({ ...handshake, metadataBytes: claimed }));
}
