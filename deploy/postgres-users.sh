#!/bin/sh
# Makes the databases and their owners when PostgreSQL starts for the first time. Neither owner may touch the other's database.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set baton="$BATON_DATABASE_PASSWORD" --set temporal="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
create role baton login password :'baton';
create role temporal login password :'temporal';
create database baton owner baton;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database baton, temporal, temporal_visibility from public;
SQL
