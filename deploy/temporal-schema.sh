#!/bin/sh
# Brings Temporal's two databases to the schema of this version. May be run again.
set -eu
for database in temporal temporal_visibility; do
  folder=$(echo "$database" | sed 's/^temporal_//')
  versions="/etc/temporal/schema/postgresql/v12/$folder/versioned"
  tool() {
    temporal-sql-tool --plugin "$SQL_PLUGIN" --endpoint "$SQL_HOST" --port "$SQL_PORT" \
      --user "$SQL_USER" --password "$SQL_PASSWORD" --database "$database" "$@"
  }
  # The table of versions is there already after the first time.
  tool setup-schema --version 0.0 || echo "$database has its table of versions"
  tool update-schema --schema-dir "$versions"
done
