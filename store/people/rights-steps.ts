/**
 * Who may do what: tokens, people, their sessions, and failed sign-ins. Of a token and of a session only the hash is kept. The statements
 * that put them in place; a released step is never changed.
 */
export const rightsSteps = [
  `create table tokens (
    id text primary key,
    name text not null,
    hash text not null,
    role text not null,
    scope jsonb not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz
  )`,
  `create unique index tokens_live_name on tokens (name) where revoked_at is null`,
  `create index tokens_created_at on tokens (created_at, id)`,
  // What counts is the role of their groups at the last sign-in, else the one that an admin gave.
  `create table people (
    email text primary key,
    role text,
    group_role text,
    slack_user text unique,
    signed_in_at timestamptz
  )`,
  `create table sessions (
    hash text primary key,
    email text not null references people (email) on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz not null default now()
  )`,
  `create index sessions_email on sessions (email)`,
  `create index sessions_created_at on sessions (created_at)`,
  `create table failed_sign_ins (key text primary key, count integer not null, since timestamptz not null)`,
  `create index failed_sign_ins_since on failed_sign_ins (since)`,
];

/** Whose a token is. Of those that there are, it is the person who made it, since a token is shown to them alone. */
export const tokenOwnerSteps = [
  `alter table tokens add column owner text`,
  `update tokens set owner = lower(substr(created_by, 8)) where created_by like 'person:%@%'`,
];

/** To which workflows and services somebody is limited; empty: to none in particular. */
export const peopleScopeSteps = [`alter table people add column scope jsonb not null default '{}'`];
