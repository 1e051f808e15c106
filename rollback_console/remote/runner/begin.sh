# The one supervisor of an attempt. What it prints first is the answer to whoever launched.
begin() { # TOKEN PAYLOAD LIMIT GRACE CAP USER
    trap : HUP INT QUIT TERM
    cd "$base/$1" || exit
    look $$
    me="$$ $start $boot"
    token go "$me" || { [ ! -h go ] || echo already; exit; }
    [ ! -h "$base/spent/$1" ] || { echo already; exit; }
    { [ -p out ] && [ -p alive ] && : >spare; } 2>/dev/null || { echo space; exit; }
    # 9: held by all that still have something to say; its end is how a follower knows.
    # 8: a reader that outlives the pump, so that a dead pump is not a broken pipe.
    exec 9<>alive 7<>out 8<out 6>out 7>&-
    : >log # last: a follower takes it as the sign that all is set up
    echo new
    exec >/dev/null
    limit=$3 grace=$4 cap=$5
    start_inner "$2" "$6" &
    inner=$!
    exec 6>&-
    look "$inner"
    identity="$inner $start $boot"
}

start_inner() { # PAYLOAD USER
    # shellcheck disable=SC2086 # the shell may be two words
    detach $shell "$0" "$shell" inner "$PWD" "$1" "$2"
}

if [ "$verb" = supervise ]; then begin "$@"; fi
