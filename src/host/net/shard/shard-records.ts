// What the records of a shard's two rings are: commands that go to it, events that come from it. Each is the packed form
// of a call of PeerPort or PeerSink (engine/ports.ts), its numbers first; bytes and text follow with their length.

// Commands: engine → shard. The first word is the link, unless said otherwise.

/** link, port, timeoutMs, 5 words of info hash, host. */
export const CONNECT = 1;
/** 5 words of info hash. */
export const SHARE = 2;
export const UNSHARE = 3;
/** link, bytes. */
export const SEND = 4;
/** link, bytesMax. */
export const LIMIT = 5;
/** link, records of REQUEST_STRIDE. */
export const REQUEST = 6;
/** link, piece, begin, cancel. */
export const REVOKE = 7;
/** link, cancel. */
export const REVOKE_ALL = 8;
/** link, records of SERVE_STRIDE. */
export const SERVE = 9;
/** link. */
export const CLOSE = 10;
/** link: what the engine has to say to a handshake was said. */
export const RESUME = 11;
/** ticket, port, ipv6Only, host. */
export const LISTEN = 12;
/** nothing. */
export const SHUT_DOWN = 13;
/** link: the answer to INCOMING. After REFUSE nothing is heard of it. */
export const ADMIT = 14;
export const REFUSE = 15;

// Events: shard → engine.

/** link, host. */
export const CONNECTED = 21;
/** link, port, host: somebody waits to be let in. */
export const INCOMING = 22;
/** link, whether the link is encrypted, bytes. */
export const HANDSHAKE = 23;
/** link, records of ASKED_STRIDE. */
export const ASKED = 24;
/** link, id, bytes. */
export const MESSAGE = 25;
/** link, bytes: the beginning of a message that is too long for one record; the next one has more. */
export const MESSAGE_PART = 26;
export const KEEP_ALIVE = 27;
export const MESSAGES_DONE = 28;
/** records of BLOCK_STRIDE, of any links. */
export const BLOCKS = 29;
/** link, count. */
export const SERVED = 30;
/** link, bytes of the code, bytes of both, code and message. */
export const CLOSED = 31;
/** ticket, port, host: that is where it listens. */
export const LISTENING = 32;
/** ticket, bytes of the code, bytes of both, code and message. */
export const NOT_LISTENING = 33;
/** nothing: everything is closed. */
export const DOWN = 34;

export const INFO_HASH_BYTES = 20;
/** Bytes of a message or of what is sent that go into one record; longer ones take several. */
export const RECORD_BYTES_MAX = 32_768;
/** Records of a batch that go into one record of the ring; longer batches take several. */
export const RECORD_BATCH_MAX = 1024;
