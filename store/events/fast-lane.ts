/** Events of urgent incidents are claimed first, what starts on such an incident is urgent, and requests of such runs are leased first. */
export const fastLaneSteps = [
  // Null, and in no index, for all others.
  `alter table inbox add column urgent boolean`,
  `create index inbox_urgent on inbox (lane) where urgent and disposition is null`,
  `alter table incidents add column urgent boolean`,
  // Until then nobody else leases requests out of the bucket.
  `alter table budgets add column urgent_until timestamptz`,
];
