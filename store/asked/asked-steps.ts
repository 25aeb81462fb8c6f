/** The steps that make the table of what runs ask people. What was asked never changes; state and answers do. */
export const askedSteps = (table: 'approvals' | 'questions'): string[] => [
  `create table ${table} (
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
  `create index ${table}_pending on ${table} (place) where state = 'pending'`,
  `create index ${table}_run on ${table} (run_id, place)`,
  `create index ${table}_subject on ${table} (subject, place) where subject is not null`,
];
