/** The table of the questions that runs have asked. What was asked never changes; state and answers do. */
export const questionSteps: string[] = [
  `create table questions (
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
  `create index questions_pending on questions (place) where state = 'pending'`,
  `create index questions_run on questions (run_id, place)`,
  `create index questions_subject on questions (subject, place) where subject is not null`,
];
