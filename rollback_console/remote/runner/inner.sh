# Leader of the command's session. `run` exists before the first byte of the command does;
# whoever else made it first has vetoed the start.
inner() { # FOLDER PAYLOAD USER
    trap : HUP INT QUIT TERM
    cd "$1" || exit
    look $$
    token run "$$ $start $boot" || exit
    exec 3<"$2"
    rm -f "$2" 6>&- 8<&- 9>&- &
    command_of "$3" <&3 >&6 2>&1 3<&- 6>&- 8<&- 9>&-
    code=$?
    exec 3<&- 6>&-
    why=finished
    [ ! -h cancel ] || why=aborted
    [ ! -h late ] || why=timed_out
    token_surely rc "$code $why"
    exit "$code"
}

# The text arrives on stdin, so that neither it nor a secret is ever an argument; it is read
# whole first, so that the command cannot eat the rest of it. Then stdin is empty.
command_of() { # USER
    # shellcheck disable=SC2016 # the inner shell expands it
    text='exec 3<&0 </dev/null; eval "exec 3<&-; $(cat <&3)"'
    user=$1
    if command -v bash >/dev/null 2>&1; then
        set -- bash --norc -eu -o pipefail -c "$text"
    else
        # shellcheck disable=SC2086 # the shell may be two words
        set -- $shell -eu -c "$text"
    fi
    umask "$ROLLBACK_CONSOLE_UMASK"
    unset ROLLBACK_CONSOLE_UMASK
    [ -z "$user" ] || set -- sudo -n -u "$user" -- "$@"
    "$@"
}

[ "$verb" != inner ] || { inner "$@"; exit; }
