/** The tables of the named connections and of the routes to them. */
export const connectionSteps: string[] = [
  // The row's encryption is bound to name and provider: under another name it cannot be read.
  `create table connections (
    name text primary key,
    provider text not null,
    encrypted bytea not null,
    key_id text not null,
    version bigint not null,
    state text not null default 'unverified',
    state_at timestamptz not null default now(),
    state_words text not null default '',
    created_at timestamptz not null default now(),
    created_by text not null,
    updated_at timestamptz not null default now(),
    updated_by text not null
  )`,
  `create table routes (
    provider text not null,
    purpose text not null,
    workflow text not null,
    service text not null,
    connection text not null,
    set_at timestamptz not null default now(),
    set_by text not null,
    primary key (provider, purpose, workflow, service)
  )`,
  // One row: by it each process sees that something was changed.
  `create table connections_version (version bigint not null)`,
  `create unique index connections_version_one on connections_version ((true))`,
  `insert into connections_version values (0)`,
];

/** What was found of the connections `default`, whose settings are the environment's: one row for each provider. */
export const defaultConnectionSteps: string[] = [
  `create table default_connections (
    provider text primary key,
    digest text not null,
    state text not null,
    state_at timestamptz not null,
    state_words text not null
  )`,
];
