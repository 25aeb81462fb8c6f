#!/bin/sh
# Makes the databases and their owners when PostgreSQL starts for the first time. Neither owner may touch the other's database. Servers
# and workers sign in as baton, who owns nothing: so it can add to the record, and neither alter nor remove a line of it.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$BATON_OWNER_PASSWORD" --set baton="$BATON_DATABASE_PASSWORD" --set temporal="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
create role baton_owner login password :'owner';
create role baton login password :'baton';
create role temporal login password :'temporal';
create database baton owner baton_owner;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke all on database baton, temporal, temporal_visibility from public;
grant connect on database baton to baton;
SQL
