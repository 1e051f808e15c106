#!/bin/sh
# packages.sh [hosts]: the programs that tests and benchmarks drive beside Python, and with `hosts`
# those that boot whole machines. Installs what is missing as root on Debian; otherwise one sentence
# says what is missing, and the exit code is 1.
set -u
PATH="$PATH:/usr/sbin:/sbin"

# As command:package.
programs='mariadbd:mariadb-server redis-server:redis-server sshd:openssh-server ssh:openssh-client
    sshpass:sshpass busybox:busybox dash:dash bash:bash chromium:chromium shellcheck:shellcheck nginx:nginx
    git:git curl:curl setsid:util-linux ip:iproute2
    docker-compose:docker-compose sudo:sudo faketime:faketime
    jq:jq openssl:openssl sqlite3:sqlite3 pg_createcluster:postgresql'
[ "${1:-}" != hosts ] || programs="$programs systemd-nspawn:systemd-container debootstrap:debootstrap"

missing=
for pair in $programs; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || { echo 'Everything is there.'; exit 0; }
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "These are missing; as root on Debian run: apt-get install$missing"
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word a package
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing >/dev/null; }; then
    echo "These are missing and could not be installed:$missing"
    exit 1
fi
