# The rest of a supervisor's life: its command runs already.
supervise() {
    pump "$cap" <&8 &
    pump=$!
    watch "$me" "$identity" &
    watcher=$!
    outlast "$inner"
    code=$?
    outlast "$pump" || settle
    finish
    kill "$watcher" 2>/dev/null
}

# A trapped signal ends `wait` early; the child decides when it is over.
outlast() { # PID of a child; its exit code
    while :; do
        wait "$1"
        set -- "$1" $?
        look "$1" || return "$2"
    done
}

# Output must go somewhere whatever happens: to the log, else its last 64 KiB are kept for
# the log, and if a process we do not wait for still holds the pipe, nowhere.
pump() { # CAP; reads the pipe
    (
        [ -z "${BASH_VERSION-}" ] || set -o posix # else its blocks are 1024 bytes
        ulimit -c 0
        ulimit -f $(($1 / 512))
        exec cat >log
    ) 2>/dev/null && exit
    why_stopped "$1" $?
    [ -h held ] || tail -c 65536 >>log 2>/dev/null
    [ ! -h held ] || cat <&8 >/dev/null 9>&- &
}

why_stopped() { # CAP CODE
    if [ "$(wc -c <log)" -ge "$1" ]; then
        token_surely pumped truncated
    elif [ -h held ]; then
        :
    elif [ "$2" -eq 1 ]; then
        token_surely pumped disk_full
    else
        token_surely pumped pump_died
    fi
}

[ "$verb" != supervise ] || { supervise; exit; }
