# Starts the attempt unless its token was ever used, and says which it was.
launch() { # TOKEN SIZE CRC LIMIT GRACE CAP USER
    folder=$base/$1
    answer=already
    if ! used "$1"; then
        receive "$2" "$3"
        shift 3
        answer=$(detach_supervisor "${folder##*/}" "$payload" "$@" </dev/null 2>/dev/null &)
        [ "$answer" = new ] || rm -f "$payload"
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

# Nothing is started from a text that did not arrive whole.
receive() { # SIZE CRC
    mkfifo out alive 2>/dev/null &
    payload=payload.$$
    head -c "$1" >"upload.$$" 2>/dev/null || { rm -f "upload.$$"; refuse space "$folder"; }
    [ "$(cksum <"upload.$$")" = "$2 $1" ] && mv "upload.$$" "$payload" && wait && return
    rm -f "upload.$$"
    refuse upload "$folder"
}

detach_supervisor() {
    # shellcheck disable=SC2086 # the shell may be two words
    detach $shell "$0" "$shell" supervise "$@"
}
