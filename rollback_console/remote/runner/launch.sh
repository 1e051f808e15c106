# Starts the attempt unless its token was ever used, and says which it was.
launch() { # TOKEN SIZE LIMIT GRACE CAP USER; reads the payload
    folder=$base/$1
    answer=already
    if used "$1"; then
        read -r _ # the payload; what comes after it means that nobody listens any more
    else
        receive "$2"
        answer=$(printf '%s\n' "$payload" 2>/dev/null | detach_supervisor "$@" 2>/dev/null &)
        [ -n "$answer" ] || refuse start "$folder"
    fi
    case $answer in new | already) say started "$boot" "$answer" ;; *) refuse "$answer" "$folder" ;; esac
}

used() { # TOKEN; otherwise leaves us in its new folder
    [ ! -h "$base/spent/$1" ] || return 0
    mkdir "$folder" 2>/dev/null || [ -d "$folder" ] || refuse space "$folder"
    cd "$folder" || refuse folder "$folder"
    [ -h go ] || [ -h run ]
}

# Nothing is started from a text that did not arrive whole. It is one line of ASCII, which a
# shell reads by itself, and goes on through pipes alone: what may be secret meets no disk.
receive() { # SIZE
    mkfifo out alive 2>/dev/null &
    IFS= read -r payload && [ "${#payload}" -eq "$1" ] && wait && return
    refuse upload "$folder"
}

detach_supervisor() {
    # shellcheck disable=SC2086 # the shell may be two words
    detach $shell "$0" "$shell" supervise "$@"
}
