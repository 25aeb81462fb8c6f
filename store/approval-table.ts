/** The table of the approvals that runs have asked for. What was asked never changes; state and answers do. */
export const approvalSteps: string[] = [
  `create table approvals (
    id text primary key,
    key text not null unique,
    place bigint generated always as identity unique,
    run_id text not null,
    workflow text not null,
    subject text,
    asked text not null,
    asked_at timestamptz not null default now(),
    expires_at timestamptz not null,
    state text not null default 'pending',
    answers text not null default '[]',
    messages jsonb not null default '[]',
    closed_at timestamptz,
    closed_because text
  )`,
  `create index approvals_pending on approvals (place) where state = 'pending'`,
  `create index approvals_run on approvals (run_id, place)`,
  `create index approvals_subject on approvals (subject, place) where subject is not null`,
];
