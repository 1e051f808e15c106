#!/bin/sh
# The entry of the image: web, worker, sweeper, alive ROLE, or `manage` and Django's words.
# The database's password is kept as a file, so its address is put together here.
set -eu
cd /app
if [ -n "${DATABASE_PASSWORD_FILE:-}" ]; then
    [ -r "$DATABASE_PASSWORD_FILE" ] || { echo "$DATABASE_PASSWORD_FILE cannot be read: make the secrets first, sh scripts/secrets.sh" >&2; exit 1; }
    DATABASE_URL="mysql://${DATABASE_USER:-console}:$(cat "$DATABASE_PASSWORD_FILE")@${DATABASE_HOST:-database}:3306/${DATABASE_NAME:-console}"
    export DATABASE_URL
fi
case ${1:-web} in
manage)
    shift
    exec python manage.py "$@"
    ;;
*) exec python -m rollback_console "$@" ;;
esac
