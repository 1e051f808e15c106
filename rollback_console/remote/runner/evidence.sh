# What the tokens in this folder prove, as one line of words: CODE WHY BYTES FLAG...
# `end` is the last word; without it the word is put together from what is left.
finish() { # FLAG...: writes end
    [ ! -h cancel ] && [ ! -h late ] || await proof
    outcome
    bytes=$(logged)
    [ ! -h pumped ] || set -- "$@" "$(readlink pumped)"
    [ ! -h held ] || set -- "$@" pipe_held
    token_surely end "$outcome $bytes $*"
}

await() { # TOKEN: for as long as ending a command may take
    turns=0
    while [ ! -h "$1" ] && [ "$turns" -lt $(((${grace:-10} + 10) * 10)) ]; do
        turns=$((turns + 1))
        nap
    done
}

outcome() { # sets outcome to: CODE WHY
    if [ -h rc ] && [ -n "${code-}" ] && [ ! -h cancel ] && [ ! -h late ]; then
        outcome="$code finished" # the leader leaves with the code it wrote down
    elif [ -h rc ]; then
        outcome=$(readlink rc)
    elif { [ ! -h run ] && token run veto; } || [ "$(readlink run)" = veto ]; then
        outcome='- never_started'
    elif [ -h late ]; then
        outcome='- timed_out'
    elif [ -h cancel ]; then
        outcome='- aborted'
    else
        outcome='- killed'
    fi
}

# For when nobody is left who could still change it. Sets word.
judge() {
    word=
    # A home that is closed or away for a while says nothing about what ran in it.
    [ -d "$base" ] || refuse folder "$base"
    if [ ! -d "$base/$attempt" ]; then
        word='- gone -'
    elif [ -h end ]; then
        word=$(readlink end)
    elif [ ! -h rc ] && rebooted; then
        word="- rebooted $(logged)"
    else
        outcome
        word="$outcome $(logged) orphan"
        [ ! -h pumped ] || word="$word $(readlink pumped)"
        [ ! -h held ] || word="$word pipe_held"
    fi
}

# A daemon kept the pipe open. The log ends here; the pipe is still emptied, so it lives on.
hold() {
    writer || return
    token_surely held "$writer"
    kill "$writer" 2>/dev/null
}

writer() { # sets the process that writes our log
    for writer in /proc/[0-9]*/fd/1; do
        if [ "$writer" -ef log ]; then
            writer=${writer#/proc/}
            writer=${writer%%/*}
            return 0
        fi
    done
    return 1
}

# Until the last bytes of a finished command are in the log.
settle() {
    tries=0
    while writer && [ "$tries" -lt 20 ]; do
        tries=$((tries + 1))
        nap
    done
    hold
}

logged() { # bytes of log so far
    if [ -s log ]; then echo $(($(wc -c <log))); else echo 0; fi
}

report() {
    judge
    if [ -h proof ]; then
        proof=$(readlink proof)
        [ "$proof" = none ] || say survivors "$proof"
    fi
    say end "$word"
}

# Acknowledged attempts leave only their last word; of others nothing is known.
report_absent() {
    word=$(readlink "$base/spent/$attempt") && word="$word acknowledged"
    say end "${word:-- gone -}"
}

rebooted() {
    for name in run go; do
        # shellcheck disable=SC2046 # split on purpose
        set -- $(readlink "$name" 2>/dev/null)
        [ $# -ne 3 ] || [ "$3" = "$boot" ] || return 0
    done
    [ -n "$known_boot" ] && [ "$known_boot" != "$boot" ]
}
