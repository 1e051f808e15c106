# The rest of a supervisor's life: its command runs already.
supervise() {
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

[ "$verb" != supervise ] || { supervise; exit; }
