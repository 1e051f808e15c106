#!/bin/sh
# shellcheck disable=SC2317 # functions are named to `stage`, which calls them
# Every check and every test: test.sh, or test.sh lint for the checks alone. Goes on after a
# failure, tells at the end what each stage took, and exits with 1 if any failed.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH:/usr/sbin:/sbin"
report=$(mktemp)
seen=$(mktemp -d)
failed=0
trap 'rm -rf "$report" "$seen"' EXIT

main() {
    if [ "${1:-}" != lint ]; then stage packages packages; fi
    checks
    if [ "${1:-}" != lint ]; then tests; fi
    printf '\n%-28s %8s  %s\n' stage seconds result
    cat "$report"
    exit "$failed"
}

checks() {
    stage 'ruff check' ruff check .
    stage 'ruff format' ruff format --check .
    stage mypy mypy
    stage 'import floors' lint-imports
    stage 'templates' djlint --quiet --lint templates
    stage 'shell scripts' shell_scripts
    stage 'known vulnerabilities' python scripts/audit.py
}

tests() {
    stage 'tests on SQLite' side_by_side -m "$DAILY"
    stage 'tests on MariaDB' on_mariadb
}

# The rest of the faults run in `make faults`, whole target hosts in `make hosts`.
DAILY='not hosts and (not faults or representative)'

# The rooms that write to the database.
on_mariadb() {
    export TEST_DATABASE=mariadb
    side_by_side -m 'not browser and not slow' \
        tests/plans tests/rollbacks tests/postmortems tests/outbox tests/proposals tests/api
}

# More than two cores' worth, since a good part of the time is waiting for real servers. A test
# that waits may lose its patience beside others: what fails is named, and has to pass alone;
# what is wrong fails there too.
side_by_side() { # PYTEST-ARGUMENTS ...
    pytest -q -n 3 --dist loadfile --no-loadscope-reorder -o cache_dir="$seen" "$@"
    code=$?
    [ "$code" -eq 1 ] || return "$code"
    printf '\n-- once more, alone: what failed beside other work\n'
    pytest -v --last-failed --last-failed-no-failures none -o cache_dir="$seen" "$@" || return
    alone=' (some only alone)'
}

stage() { # NAME COMMAND ...
    name=$1
    shift
    printf '\n== %s\n' "$name"
    alone=
    began=$(date +%s)
    "$@"
    code=$?
    case $code in 0) result="passed$alone" ;; 77) result=skipped ;; *) result="FAILED ($code)" failed=1 ;; esac
    printf '%-28s %8d  %s\n' "$name" $(($(date +%s) - began)) "$result" >>"$report"
}

# What the tests drive beside Python, as command:package.
PACKAGES='mariadbd:mariadb-server redis-server:redis-server sshd:openssh-server ssh:openssh-client
    sshpass:sshpass busybox:busybox dash:dash bash:bash chromium:chromium shellcheck:shellcheck nginx:nginx
    git:git curl:curl setsid:util-linux ip:iproute2
    docker-compose:docker-compose sudo:sudo faketime:faketime
    jq:jq openssl:openssl sqlite3:sqlite3 pg_createcluster:postgresql'

packages() {
    missing=
    for pair in $PACKAGES; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
    done
    [ -n "$missing" ] || { echo 'Everything is there.'; return 0; }
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "These are missing, and the tests that need them fail:$missing"
        echo "As root on Debian: apt-get install$missing"
        return 1
    fi
    # shellcheck disable=SC2086 # one word a package
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
}

shell_scripts() {
    shellcheck scripts/*.sh .ci/run || return
    # The parts of the runner make one program: what one sets another uses.
    shellcheck --shell=dash --severity=warning --exclude=SC2034,SC2154 rollback_console/remote/runner/*.sh
}

main "$@"
