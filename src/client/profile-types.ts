// What `profile: true` measures, as the public library tells it.

/** Time spent in one stage of the data path. */
export interface ProfileStage {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
  /** Bytes that went through the stage; 0 where that means nothing. */
  readonly bytes: number;
}

/** One measured figure. */
export interface ProfileGauge {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** What `profile: true` measured so far. */
export interface ProfileReport {
  readonly stages: readonly ProfileStage[];
  readonly gauges: readonly ProfileGauge[];
  /** The bottleneck, in one sentence. */
  readonly bottleneck: string;
}
