#!/bin/sh
# Fills an empty database from a backup, whole or not at all, and looks whether the audit trail is whole. Do this every month
# with the newest backup and a database that is thrown away: a backup that was never restored may be worth nothing.
#
#   ops/restore.sh FILE
set -eu
file=${1:?"the file of the backup is missing"}
url=${RESTORE_DATABASE_URL:?}
pg_restore --dbname="$url" --exit-on-error --single-transaction "$file"
broken=$(psql "$url" --no-align --tuples-only --command="select coalesce(app.audit_break()::text, '')")
if [ -n "$broken" ]; then
  echo "the audit trail is broken at position $broken" >&2
  exit 1
fi
echo "restored, and the audit trail is whole"
