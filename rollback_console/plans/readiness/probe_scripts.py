"""The console's own questions: fixed shell text that runs no program, opens no connection and
reads no file that a plan names.

`$1` is the folder, `$2` what is asked about, the rest depends on the kind: of what tells of files,
the folders that an Admin named. Values are arguments, never shell text.
"""

from __future__ import annotations

from rollback_console.remote.shell_text import enter_folder

ENTER = enter_folder()

UNREADABLE = 96
"""Exit code for a file that is there and may not be read."""

# What a repository's own configuration could start: a file-system monitor, hooks, a pager, a
# transport for objects that are fetched only when needed.
_GIT = (
    "GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 "
    "git -c core.fsmonitor= -c core.hooksPath=/dev/null -c core.pager=cat "
)
_COMMIT = (
    ENTER + "case $2 in -*) exit 1 ;; esac; " + _GIT + 'rev-parse --verify --quiet "$2^{commit}"'
)
_TAG = ENTER + _GIT + 'rev-parse --verify --quiet "refs/tags/$2^{commit}"'
# Whether `p`, links resolved, is one of the folders in "$@" or below one.
_WITHIN = (
    'within=; for each in "$@"; do f=$(readlink -f -- "$each") || continue; '
    'case $p/ in "$f"/*) within=1 ;; esac; done; [ -n "$within" ] || exit 95; '
)
# Without folders a person approved the question as it is.
_WITHIN_IF_NAMED = f'if [ "$#" -gt 0 ]; then {_WITHIN}fi; '
# The nearest folder there is must be writable, with room for twice the newest dump. Its size is
# read off the folder: a dump is readable for the account alone that wrote it.
_KEEP = (
    'k=$2; d=$k; while [ ! -d "$d" ]; do d=$(dirname "$d"); done; '
    f'p=$(readlink -f -- "$d") || exit 95; shift 2; {_WITHIN_IF_NAMED}[ -w "$d" ] || exit 1; '
    'df -Pk "$d" | tail -n 1; '
    'last=$(ls -td -- "$k"/*.dump 2>/dev/null | head -n 1); '
    '[ -z "$last" ] || ls -lnd -- "$last" 2>/dev/null | awk \'{print $5}\'; exit 0'
)
# A link as the runner makes them, and gone again: it takes no data block, so this is no write.
# Then the version of the Python that would run commands, where there is one.
_RUNNER = (
    'd=$HOME/.local/state/rollback-console; mkdir -p "$d" 2>/dev/null && [ -w "$d" ] || '
    'd=/var/tmp; l=$d/.rollback-console-probe-$$; ln -s probe "$l" && rm -f "$l" && echo "$d" '
    '&& { python3 -I -S -c "import sys; print(*sys.version_info[:2])" 2>/dev/null || :; }'
)
# `sudo -l` with a command says whether it is allowed, not whether a password would be asked for:
# the rules that follow tell that. Root is never asked for one.
_SUDO = (
    'shift; sudo -n -l "$@" >/dev/null 2>&1 || exit 1; '
    '[ "$(id -u)" -ne 0 ] || { echo root; exit 0; }; sudo -n -l 2>/dev/null'
)
# Size and age alone, and only of what lies, links resolved, below a folder of `$3` and on.
_FILE = (
    ENTER + f'p=$(readlink -f -- "$2") || exit 95; shift 2; {_WITHIN}'
    f'[ -f "$p" ] && [ -s "$p" ] || exit 1; [ -r "$p" ] || exit {UNREADABLE}; '
    'stat -c %s -- "$p"; date -r "$p" +%s'
)
_UNIT = (
    "command -v systemctl >/dev/null || exit 91; "
    'state=$(systemctl show --property=LoadState --value -- "$2" 2>/dev/null) || exit 91; '
    '[ "$state" != not-found ] || exit 1; [ -n "$state" ] || exit 91; echo "$state"'
)
_MIGRATION = (
    ENTER + f"p=$(pwd -P) || exit 95; m=$2; shift 2; {_WITHIN_IF_NAMED}"
    'find . -path "*/migrations/$m*.py" -not -path "*/node_modules/*" | head -n 3 | grep .'
)

PLAIN = {
    "folder": ENTER + "pwd",
    "space": ENTER + "df -Pk . | tail -n 1",
    "keep": _KEEP,
    "tool": ENTER + 'command -v "$2"',
    "sudo": _SUDO,
    "user": ":",
    "runner": _RUNNER,
    "commit": _COMMIT,
    "tag": _TAG,
    "file": _FILE,
    "directory": ENTER + '[ -d "$2" ] && [ -x "$2" ]',
    "unit": _UNIT,
    "migration": _MIGRATION,
}
"""By kind, what may be asked of a host at any time; of `keep` and `migration` only below a folder
that an Admin named: elsewhere a person approves them."""

# Filters, monitors and submodules of the repository run, and `origin` is connected to.
HOST_QUESTIONS = {
    "repository": ENTER + '[ -z "$(git status --porcelain --untracked-files=no || echo none)" ]',
    "origin": ENTER
    + 'git rev-parse --verify --quiet "refs/tags/$2^{commit}" || '
    + 'git ls-remote --exit-code --tags origin "refs/tags/$2"',
}
"""By kind, what is asked only once a person approved it."""

RUNS_COMMANDS = ("sh", "-c", "echo rollback-console may run commands")
"""What tells a login that runs commands from one that only signs in; its answer is its text."""

# The runner's own way to another account (remote/runner/inner.sh).
_AS_ACCOUNT = (
    'account=$1; shift; if command -v bash >/dev/null 2>&1; then set -- bash --norc -c "$@"; '
    'else set -- sh -c "$@"; fi; exec sudo -n -u "$account" -- "$@"'
)


def shell(account: str, script: str, *values: str) -> tuple[str, ...]:
    """The argument list that runs `script` as `account`, through the sudo that steps go through.

    "" is the account that signs in.
    """
    if not account:
        return ("sh", "-c", script, "sh", *values)
    return ("sh", "-c", _AS_ACCOUNT, "sh", account, script, "sh", *values)
