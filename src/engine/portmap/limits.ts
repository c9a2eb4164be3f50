// How port mapping behaves in time, each figure with its reason.

/** How long a mapping is asked for: a machine that is switched off leaves a hole for so long (RFC 6886, 3.3: two hours at most). */
export const MAPPING_LIFETIME_SECONDS = 3600;

/** No gateway is believed to keep anything longer than a day (RFC 6887, 15). */
export const MAPPING_LIFETIME_SECONDS_MAX = 86_400;

/** A mapping is renewed so often at least: this is how long one that vanished from a UPnP gateway goes unnoticed. */
export const MAPPING_RENEWAL_MS_MAX = 600_000;

/** The wait before a renewal that was not answered is tried again, at least; otherwise half of what is left (RFC 6887, 11.2.1). */
export const MAPPING_RETRY_MS_MIN = 4000;

/**
 * A gateway that does not answer is asked again after 250 ms, 500 ms, 1 s and then, for 2 s more, waited for: as NAT-PMP has it
 * (RFC 6886, 3.1), but for its nine attempts, which take a minute. PCP's own first wait is 3 s (RFC 6887, 8.1.1), meant for
 * servers of a whole provider: here everybody waits until it is known which protocol there is.
 */
export const GATEWAY_WAIT_FIRST_MS = 250;
export const GATEWAY_TRIES_MAX = 4;

/** When a gateway opens nothing in any way it is asked again after five minutes, doubling up to an hour. */
export const GATEWAY_REST_FIRST_MS = 300_000;
export const GATEWAY_REST_MAX_MS = 3_600_000;

/** A gateway that refuses for now is asked again after what it says, but within these bounds. */
export const REFUSAL_WAIT_SECONDS_MIN = 30;
export const REFUSAL_WAIT_SECONDS_MAX = 1800;

/** Other ports that are tried when the one that we would like is somebody else's. */
export const CLASHES_MAX = 4;

/** Ports that nobody is known by (RFC 6335), to choose another one from. */
export const DYNAMIC_PORT_MIN = 49_152;
export const DYNAMIC_PORTS = 16_384;

/** When a gateway has started anew its clients come back within this time, and not all at once. */
export const RESTART_SPREAD_MS = 2000;

/** An announcement wakes us while we leave a gateway alone, but only so often: anybody on the link can send them. */
export const ANNOUNCEMENT_WAKE_MS = 60_000;

/** Gateways that are asked at once: a wire and a radio, each with both address families. */
export const GATEWAYS_MAX = 4;
