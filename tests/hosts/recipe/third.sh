#!/bin/sh
# Runs as root in a booted host with the folder of the release: it works, and three of its
# applications were migrated with rows in them.
set -eu
SITE=/srv/iact/api/callcentersite

as_deploy() {
    runuser -u deploy -- env HOME=/home/deploy "$@"
}

manage() {
    (cd "$SITE" && as_deploy python manage.py "$@")
}

cp -r "$1/." /srv/iact/
cat >>"$SITE/callcentersite/settings.py" <<'END'
INSTALLED_APPS += ["calls", "teams", "ledger"]
BADGE_ISSUER = "iact"
END
chown -R deploy: /srv/iact
as_deploy git -C /srv/iact add --all
as_deploy git -C /srv/iact commit -q -m 'Forget recordings, rename teams, count in cents'
for application in calls teams ledger; do
    manage migrate -v 0 "$application" 0001
done
mysql iact_staging -e "
    INSERT INTO calls_call (caller, note) VALUES ('Amal', 'angry'), ('Bente', 'kind');
    INSERT INTO calls_recording (path) VALUES ('/a'), ('/b'), ('/c');
    INSERT INTO teams_team (name) VALUES ('Early'), ('Late');
    INSERT INTO ledger_entry (cents) VALUES (3);"
manage migrate -v 0
systemctl restart gunicorn-iact-staging
# As the account that a plan's commands run under knows the database.
install -o deploy -g deploy -m 600 /etc/iact/database.cnf /home/deploy/.my.cnf
