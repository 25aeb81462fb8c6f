/** What a run has changed, or was kept from changing by a guard: what people at an incident want to know first. */
export type Deed = {
  /** Of its effect. */
  key: string;
  run: string;
  at: string;
} & ({ did: string } | { held: string });
