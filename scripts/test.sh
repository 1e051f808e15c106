#!/bin/sh
# shellcheck disable=SC2317 # functions are named to `stage`, which calls them
# Every check and every test: test.sh, or test.sh lint for the checks alone, or test.sh mariadb
# for the tests on MariaDB alone. Goes on after a failure, tells at the end what each stage took,
# and exits with 1 if any failed.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH:/usr/sbin:/sbin"
report=$(mktemp)
work=$(mktemp -d)
beside=
failed=0
trap '[ -z "$beside" ] || kill -- "-$beside"; rm -rf "$report" "$work"' EXIT
trap 'exit 130' INT TERM

main() {
    if [ "${1:-}" = mariadb ]; then on_mariadb; exit; fi
    if [ "${1:-}" = lint ]; then checks; else everything; fi
    printf '\n%-28s %8s  %s\n' stage seconds result
    cat "$report"
    exit "$failed"
}

# The tests on MariaDB need one core: they begin first, and the checks run beside them.
everything() {
    stage packages sh scripts/packages.sh
    begin_mariadb
    checks
    stage 'tests on SQLite' on_sqlite
    stage '  and then on MariaDB' await_mariadb
}

checks() {
    stage 'ruff check' ruff check .
    stage 'ruff format' ruff format --check .
    stage mypy mypy
    stage 'import layers' lint-imports
    stage 'templates' djlint --quiet --lint templates
    stage 'shell scripts' shell_scripts
    stage 'known vulnerabilities' python scripts/audit.py
}

# The rest of the faults run in `make faults`, whole target hosts in `make hosts`.
DAILY='not hosts and (not faults or representative)'

# More than two cores' worth, since a good part of the time is waiting for real servers.
on_sqlite() {
    run_tests -n 4 -m "$DAILY"
}

# Whatever works on a database, in the packages that write; the rest knows no database.
on_mariadb() {
    export TEST_DATABASE=mariadb
    run_tests -n 1 -m 'database and not browser and not slow' \
        tests/plans tests/rollbacks tests/postmortems tests/outbox tests/proposals tests/api \
        tests/watch tests/deployments
}

# What fails beside other tests and passes alone is a failure too, of its own kind: it waits too
# briefly, or shares what it should not.
run_tests() { # PYTEST-ARGUMENTS ...
    cache=$(mktemp -d -p "$work")
    pytest -q --dist loadfile --no-loadscope-reorder -o cache_dir="$cache" "$@"
    code=$?
    [ "$code" -eq 1 ] || return "$code"
    printf '\n-- alone: what failed beside other tests\n'
    pytest -q --last-failed --last-failed-no-failures none -o cache_dir="$cache" "$@" -n 0 && return 76
    return 1
}

# While one waits the other works. A session of its own, so that it can be ended as a whole.
begin_mariadb() {
    setsid sh scripts/test.sh mariadb >"$work/output" 2>&1 &
    beside=$!
}

await_mariadb() {
    wait "$beside"
    code=$?
    beside=
    cat "$work/output"
    return "$code"
}

stage() { # NAME COMMAND ...
    name=$1
    shift
    printf '\n== %s\n' "$name"
    began=$(date +%s)
    "$@"
    code=$?
    case $code in 0) result=passed ;; 77) result=skipped ;;
    76) result='FAILED, only beside other tests' failed=1 ;;
    *) result="FAILED ($code)" failed=1 ;; esac
    printf '%-28s %8d  %s\n' "$name" $(($(date +%s) - began)) "$result" >>"$report"
}

shell_scripts() {
    shellcheck scripts/*.sh .ci/run || return
    # The parts of the runner make one program: what one sets another uses.
    shellcheck --shell=dash --severity=warning --exclude=SC2034,SC2154 rollback_console/remote/runner/*.sh
}

main "$@"
