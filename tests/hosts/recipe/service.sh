#!/bin/sh
# Runs once inside a booted host: a release that works, a dump and a tag of it, and then the
# deployment of one that does not.
set -eu
TAG=pre-deploy-20251112-011044
DUMP=backup_20251112_010000.sql
AT=2025-11-12T01:00:00Z

as_deploy() {
    runuser -u deploy -- env HOME=/home/deploy GIT_AUTHOR_DATE=$AT GIT_COMMITTER_DATE=$AT "$@"
}

release() { # FOLDER MESSAGE
    cp -r "/root/recipe/$1/." /home/deploy/work/
    chown -R deploy: /home/deploy/work
    as_deploy git -C /home/deploy/work add --all
    as_deploy git -C /home/deploy/work commit -q -m "$2"
    as_deploy git -C /home/deploy/work push -q origin main
}

manage() {
    (cd /srv/iact/api/callcentersite && as_deploy python manage.py "$@")
}

add_agents() {
    for name; do
        mysql iact_staging -e "INSERT INTO agents_agent SET name = '$name'$badge"
    done
}

chmod 440 /etc/sudoers.d/iact
head -c 32 /dev/urandom | base64 >/etc/iact/secret-key
chown -R root:iact /etc/iact
chmod 750 /etc/iact
chmod 640 /etc/iact/*
rm -f /etc/nginx/sites-enabled/default
ln -s ../sites-available/iact /etc/nginx/sites-enabled/iact
systemctl reload nginx
systemctl enable gunicorn-iact-staging

password=$(sed -n 's/^password = //p' /etc/iact/database.cnf)
mysql -e "CREATE DATABASE iact_staging CHARACTER SET utf8mb4;
    CREATE USER iact@localhost IDENTIFIED BY '$password';
    GRANT ALL ON iact_staging.* TO iact@localhost;
    GRANT ALL ON test_iact_staging.* TO iact@localhost;"
install -d -o deploy -g deploy /srv/git /srv/iact
as_deploy git config --global user.name 'Call centre'
as_deploy git config --global user.email calls@example.org
as_deploy git config --global init.defaultBranch main
as_deploy git config --global advice.detachedHead false
as_deploy git init -q --bare /srv/git/iact.git
as_deploy git init -q /home/deploy/work
as_deploy git -C /home/deploy/work remote add origin /srv/git/iact.git

release first 'Answer calls'
as_deploy git clone -q /srv/git/iact.git /srv/iact
manage migrate -v 0
badge='' && add_agents Amal Bente Chidi
systemctl start gunicorn-iact-staging

as_deploy sh -c "mysqldump --defaults-extra-file=/etc/iact/database.cnf --skip-dump-date iact_staging >/srv/iact/$DUMP"
# Only the origin has the tag: whoever goes back to it has to fetch first.
as_deploy git -C /home/deploy/work tag "$TAG"
as_deploy git -C /home/deploy/work push -q origin "$TAG"

release second 'Implement User Authentication System'
as_deploy git -C /srv/iact fetch -q --no-tags origin
as_deploy git -C /srv/iact merge -q --ff-only origin/main
manage migrate -v 0
badge=", badge = ''" && add_agents Since-Deployment
systemctl restart gunicorn-iact-staging
rm -rf /home/deploy/work /root/recipe
