// Limits of the Node host, each with its reason.

/** Bytes of control messages that may wait in a socket for a peer that does not read. Blocks are bounded by the engine. */
export const CONTROL_QUEUE_BYTES: number = 1 << 20;

/** Connections that wait in the kernel to be accepted. */
export const LISTEN_BACKLOG = 128;
