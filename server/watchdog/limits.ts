/** From when on something counts as wrong, and how long it may be so before people are told: together less than two minutes. In seconds. */
export interface Limits {
  /** How often all is looked at. */
  round: number;
  /** For so long all has to be well again before a page is taken back. */
  calm: number;
  /** A worker that has not asked for tasks for so long is gone: it asks anew at the latest after a minute. */
  unpolled: number;
  unpolledHeld: number;
  /** Tasks wait for a worker: the oldest for so long. */
  untaken: number;
  temporalAwayHeld: number;
  /** Events that wait: so many, or the oldest for so long. */
  pendingEvents: number;
  pendingFor: number;
  pendingHeld: number;
  /** After its time, a schedule has so long to make its event. */
  scheduleLate: number;
  /** After its start a server lets sources send again what nobody took meanwhile. */
  heartbeatGrace: number;
  /** How often PagerDuty is asked for its webhook subscriptions. */
  subscriptionRound: number;
  subscriptionHeld: number;
}

export const usualLimits: Limits = {
  round: 10,
  calm: 20,
  unpolled: 70,
  unpolledHeld: 20,
  untaken: 60,
  temporalAwayHeld: 60,
  pendingEvents: 5_000,
  pendingFor: 60,
  pendingHeld: 40,
  scheduleLate: 90,
  heartbeatGrace: 60,
  subscriptionRound: 45,
  subscriptionHeld: 40,
};
