// Limits of the Node host, each with its reason.

/** Bytes of control messages that may wait in a socket for a peer that does not read. Blocks are bounded by the engine. */
export const CONTROL_QUEUE_BYTES: number = 1 << 20;

/** Connections that wait in the kernel to be accepted. */
export const LISTEN_BACKLOG = 128;

/** Files that one disk worker keeps open at once: with 4 workers half of the usual soft limit of 1024 descriptors. */
export const OPEN_FILES_MAX = 128;

/** Bytes that a disk worker hashes before it writes them: they are still in the core's cache when the write reads them. */
export const WRITE_GROUP_BYTES: number = 2 * 1024 * 1024;

/** Views of one vectored disk call: IOV_MAX of Linux and macOS. */
export const VIEWS_MAX = 1024;

/** Pieces up to this many bytes together stay with one disk worker, so that neighbours go out in one call. */
export const STRIPE_BYTES: number = 4 * 1024 * 1024;

/** Size of the reused buffer with which a recheck reads: large enough that a call's cost vanishes beside the hash. */
export const SCAN_BUFFER_BYTES: number = 1024 * 1024;

/** A recheck starts one more thread for every so many bytes: below, starting a thread costs more than it saves. */
export const SCAN_BYTES_PER_WORKER: number = 32 * 1024 * 1024;

/** Zeros that `preallocate` writes in one call. */
export const ZEROS_BYTES: number = 1024 * 1024;

/** Heap of a disk worker's young generation: it allocates only views, so a small nursery keeps the process small. */
export const WORKER_NURSERY_MIB = 4;

/** Runs that a disk worker hashes before it writes them: pieces can be small, and results must not wait long. */
export const WRITE_GROUP_RUNS = 512;

/** Files asked for their size at once: enough to hide the latency of a network drive. */
export const STATS_AT_ONCE = 64;
