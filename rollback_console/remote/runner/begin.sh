# The one supervisor of an attempt. What it prints first is the answer to whoever launched.
begin() { # TOKEN SIZE LIMIT GRACE CAP USER; the payload is on stdin
    trap : HUP INT QUIT TERM
    cd "$base/$1" || exit
    look $$
    me="$$ $start $boot"
    token go "$me" || { [ ! -h go ] || echo already; exit; }
    [ ! -h "$base/spent/$1" ] || { echo already; exit; }
    # What a full disk has to be asked for now, it gives back when the last word needs room.
    { [ -p out ] && [ -p alive ] && printf %4096s '' >spare; } 2>/dev/null || { echo space; exit; }
    # 9: held by all that still have something to say; its end is how a follower knows.
    # 8: a reader that outlives the pump, so that a dead pump is not a broken pipe.
    exec 9<>alive 7<>out 8<out 6>out 7>&- 5<&0 </dev/null
    : >log # last: a follower takes it as the sign that all is set up
    echo new
    exec >/dev/null
    limit=$3 grace=$4
    pump "$5" <&8 &
    pump=$!
    start_inner "$2" "$6" <&5 5<&- &
    inner=$!
    exec 5<&- 6>&-
    look "$inner"
    identity="$inner $start $boot"
}

start_inner() { # SIZE USER
    # shellcheck disable=SC2086 # the shell may be two words
    detach $shell "$0" "$shell" inner "$PWD" "$1" "$2"
}

# Output must go somewhere whatever happens: to the log, else its last 64 KiB are kept for
# the log, and if a process we do not wait for still holds the pipe, nowhere.
pump() { # CAP; reads the pipe
    exec 5<&- 6>&- 9>&- # it must see the pipe end, and not be waited for by followers
    (
        [ -z "${BASH_VERSION-}" ] || set -o posix # else its blocks are 1024 bytes
        ulimit -c 0
        ulimit -f $(($1 / 512))
        exec cat >log
    ) 2>/dev/null && exit
    why_stopped "$1" $?
    [ -h held ] || tail -c 65536 >>log 2>/dev/null
    [ -h held ] || return 0
    cat <&8 >/dev/null &
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

if [ "$verb" = supervise ]; then begin "$@"; fi
