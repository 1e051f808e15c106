# Forbidding, ending and clearing away.
veto() { # TOKEN KNOWN_BOOT
    attempt=$1 known_boot=$2
    if [ -h "$base/spent/$1" ]; then
        case $(readlink "$base/spent/$1") in *never_started*) say veto yes ;; *) say veto no ;; esac
        return
    fi
    { mkdir "$base/$1" || [ -d "$base/$1" ]; } 2>/dev/null && cd "$base/$1" || refuse space "$base/$1"
    if rebooted; then
        say veto no
    elif token run veto || [ "$(readlink run)" = veto ]; then
        say veto yes
    else
        say veto no
    fi
}

# What is over is left as it is. Where nobody can tell, what is left of it is still ended.
stop() { # TOKEN GRACE KNOWN_BOOT
    attempt=$1 grace=$2 known_boot=$3
    cd "$base/$1" 2>/dev/null || { report_absent; return; }
    if rebooted || token run veto || [ "$(readlink run)" = veto ]; then
        :
    elif survived || [ ! -h rc ]; then
        start_reaper </dev/null >/dev/null 2>&1 &
        await proof
    fi
    await_end
    report
}

survived() { # an earlier abort: its proof is not final
    [ -h proof ] && [ "$(readlink proof)" != none ] && mv proof unproven
}

start_reaper() {
    # shellcheck disable=SC2086 # the shell may be two words
    detach $shell "$0" "$shell" reaper "$PWD" "$grace"
}

# On the host and on its own, so that a lost connection cannot leave half an abort. The one
# that makes `cancel` does it; a later one takes over if that one died. What was dead before
# was not aborted.
reaper() { # FOLDER GRACE
    cd "$1" || exit
    look $$
    if alive_in run && ! token cancel "$$ $start $boot"; then
        ! alive_in cancel || exit
    fi
    reap "$2"
}

# The supervisor may wait for what will not die; its watch looks once a second.
await_end() {
    turns=0
    while [ ! -h end ] && [ "$turns" -lt 80 ] && { alive_in go || { [ -h rc ] && [ "$turns" -lt 25 ]; }; }; do
        turns=$((turns + 1))
        nap
    done
    [ -h end ] || settle
}

# The last word stays for a month, so that a late launch under this token stays refused.
acknowledge() { # TOKEN KNOWN_BOOT ...
    [ -d "$base/spent" ] || mkdir -p "$base/spent" || refuse space "$base"
    over='' busy=''
    while [ $# -ge 2 ]; do
        attempt=$1 known_boot=$2
        shift 2
        if still_runs; then busy=$base/$attempt; else keep_the_word; fi
    done
    remove_over
    [ -z "$busy" ] || refuse running "$busy"
    say cleared
}

still_runs() {
    cd "$base/$attempt" 2>/dev/null && [ ! -h end ] && ! rebooted && { alive_in run || alive_in go; }
}

keep_the_word() {
    word='- gone -'
    [ ! -d "$base/$attempt" ] || { judge; over="$over $attempt"; }
    token "$base/spent/$attempt" "$word" || [ -h "$base/spent/$attempt" ] || refuse space "$base"
}

# Out of the way at once: a folder that is half removed must not be taken for evidence.
remove_over() {
    cd "$base" || refuse folder "$base"
    [ -z "$over" ] || mkdir "spent/$$.d" || refuse space "$base"
    # shellcheck disable=SC2086 # tokens hold no spaces
    [ -z "$over" ] || mv $over "spent/$$.d/" 2>/dev/null
    rm -rf spent/*.d
}

# For a supervisor in Python whose command is past its limit: it made `late` already.
expire() { # FOLDER GRACE
    cd "$1" || exit
    reap "$2"
}

# Becomes the Python agent, whose text is the first SIZE bytes on stdin (0: it is here already).
agent() { # NAME SIZE CRC MARK PYTHON
    file=$base/bin/$1.py
    if [ "$2" -gt 0 ]; then
        take_agent "$2" "$5" >"$file.$$" 2>/dev/null || { rm -f "$file.$$"; refuse space "$base"; }
        [ "$(cksum <"$file.$$")" = "$3 $2" ] || { rm -f "$file.$$"; refuse upload "$base"; }
        mv "$file.$$" "$file"
    fi
    start='import sys; sys.path.insert(0, sys.argv[1]); __import__(sys.argv[2]).main(*sys.argv[3:])'
    exec "$5" -I -S -c "$start" "$base/bin" "$1" "$4" "$0" "$shell"
}

# Not a byte more than its text: what follows is for the agent.
take_agent() { # SIZE PYTHON
    "$2" -I -S -c '
import os, sys
left = int(sys.argv[1])
while left:
    data = os.read(0, min(left, 65536)) or sys.exit(1)
    left -= len(data)
    sys.stdout.buffer.write(data)
' "$1"
}

case $verb in
veto | stop | reaper | acknowledge | expire | agent) "$verb" "$@" ;;
esac
