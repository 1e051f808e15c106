# Leader of the command's session. `run` exists before the first byte of the command does;
# whoever else made it first has vetoed the start.
inner() { # FOLDER SIZE USER; the payload is on stdin
    trap : HUP INT QUIT TERM
    cd "$1" || exit
    look $$
    token run "$$ $start $boot" || exit
    command_of "$2" "$3" >&6 2>&1 6>&- 8<&- 9>&-
    code=$?
    exec </dev/null 6>&-
    why=finished
    [ ! -h cancel ] || why=aborted
    [ ! -h late ] || why=timed_out
    token_surely rc "$code $why"
    exit "$code"
}

# The text arrives on stdin, so that neither it nor a secret is ever an argument; it is read
# whole first, so that the command cannot eat the rest of it. Then stdin is empty.
command_of() { # SIZE USER
    user=$2
    whole="IFS= read -r text <&3 && [ \"\${#text}\" -eq $1 ] || { echo 'The command did not arrive whole; nothing of it was run.'; exit 126; };"
    # shellcheck disable=SC2016 # the inner shell expands it
    if command -v bash >/dev/null 2>&1; then
        run='printf -v text %b "$text"; eval "unset text; exec 3<&-; $text"'
        set -- bash --norc -eu -o pipefail
    else
        run='eval "unset text; exec 3<&-; $(printf %b "$text")"'
        # shellcheck disable=SC2086 # the shell may be two words
        set -- $shell -eu
    fi
    set -- "$@" -c "exec 3<&0 </dev/null; $whole $run"
    umask "$ROLLBACK_CONSOLE_UMASK"
    unset ROLLBACK_CONSOLE_UMASK
    [ -z "$user" ] || set -- sudo -n -u "$user" -- "$@"
    "$@"
}

[ "$verb" != inner ] || { inner "$@"; exit; }
