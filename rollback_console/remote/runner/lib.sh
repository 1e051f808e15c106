# shellcheck disable=SC2015,SC2094,SC2317 # A && B || C is meant; so are pipes opened both ways
# shellcheck disable=SC3013,SC3040,SC3045 # dash, busybox and bash all have these
# A shell reads this file as it goes, so what must start soonest comes first and each part
# ends by doing its verb.
#
# Words used throughout. A token on the host is a symlink whose text is the content:
# made in one step, by one winner, and without taking a block from a full disk.
# What we make is ours alone; what a command makes is as if a person had typed it.
ROLLBACK_CONSOLE_UMASK=${ROLLBACK_CONSOLE_UMASK:-$(umask)}
export ROLLBACK_CONSOLE_UMASK
umask 077
base=${0%/bin/*}
shell=$1 verb=$2
shift 2
boot=
read -r boot 2>/dev/null <"${ROLLBACK_CONSOLE_BOOT_ID_FILE:-/proc/sys/kernel/random/boot_id}"

say() {
    printf '@rollback %s\n' "$*" >&2
}

refuse() {
    say refused "$@"
    exit 0
}

token() { # NAME TEXT: true for the one that made it
    ln -s -- "$2" "$1" 2>/dev/null
}

# A full disk may also be out of inodes: give up what is no longer needed, then insist.
token_surely() { # NAME TEXT
    token "$1" "$2" && return
    [ -h "$1" ] && return 1
    rm -f spare
    token "$1" "$2"
}

nap() {
    sleep 0.1 2>/dev/null 8<&- 9>&- || sleep 1 8<&- 9>&-
}

uptime() { # sets now, in seconds since boot: a clock nobody sets
    read -r now _ </proc/uptime
    now=${now%%.*}
}

# Sets the facts of process $1; false if it is gone or only waits to be buried.
# The command name may hold spaces and brackets, so fields count from the last bracket.
look() {
    fields=
    { while IFS= read -r part || [ -n "$part" ]; do fields=$fields$part; done; } 2>/dev/null <"/proc/$1/stat"
    [ -n "$fields" ] || return 1
    # shellcheck disable=SC2086 # split on purpose
    set -- ${fields##*) }
    [ $# -ge 20 ] || return 1
    state=$1 group=$3 start=${20}
    case $state in Z | X | x) return 1 ;; esac
}

# A process id alone may belong to a stranger by now: its start time and the boot settle it.
alive() { # PID START BOOT
    [ $# -eq 3 ] && [ "$3" = "$boot" ] && look "$1" && [ "$start" = "$2" ]
}

alive_in() { # NAME of a token that holds PID START BOOT
    # shellcheck disable=SC2046 # split on purpose
    alive $(readlink "$1" 2>/dev/null)
}

# Runs in its own session, so that nothing sent to this one reaches it. Never returns.
detach() {
    if command -v setsid >/dev/null 2>&1; then
        exec setsid "$@"
    elif command -v perl >/dev/null 2>&1; then
        exec perl -e 'use POSIX (); POSIX::setsid() > 0 or die; exec { $ARGV[0] } @ARGV' "$@"
    fi
    exec python3 -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

can_detach() {
    command -v setsid >/dev/null 2>&1 || command -v perl >/dev/null 2>&1 || command -v python3 >/dev/null 2>&1
}
