// Limits and times of web seeds, each with its reason.
import type { BackOffRange } from '../discovery/back-off.ts';

/** Web seeds of one torrent that are known: a mirror list, not a flood of URLs. */
export const WEB_SEEDS_MAX = 64;

/** Web seeds of one torrent that are asked at the same time: each alone can fill a line, more only cost their operators. */
export const WEB_SEEDS_ASKED_MAX = 8;

/**
 * Connections to one web seed: browsers open six. One more is tried when those that are there have been busy for a while; it has
 * so long to show that all bring clearly more, and after one that did not, or was refused, nobody tries for some minutes.
 */
export const WEB_SEED_LANES_MAX = 4;
export const WEB_SEED_TRIAL_SETTLE_MS = 5000;
export const WEB_SEED_TRIAL_MS = 8000;
export const WEB_SEED_TRIAL_GAIN = 1.15;
export const WEB_SEED_TRIAL_REST_MS: number = 5 * 60_000;

/** A web seed that failed is asked again after five seconds first, and at least every half hour. */
export const WEB_SEED_BACK_OFF: BackOffRange = { firstMs: 5000, longestMs: 1_800_000 };

/** Longest time that a server's Retry-After is believed. */
export const WEB_SEED_RETRY_AFTER_MAX_MS: number = 24 * 3_600_000;
