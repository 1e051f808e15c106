# Sends the log as it grows on stdout and the last word on stderr as soon as it is known.
# The console counts bytes, so it knows by itself when it has everything and hangs up.
follow() { # TOKEN OFFSET MODE KNOWN_BOOT
    attempt=$1 known_boot=$4
    printf '@rollback log %s\n' "$1"
    cd "$base/$1" 2>/dev/null || { report_absent; return; }
    while [ ! -e log ] && alive_in go; do nap; done
    [ -e log ] || token run veto
    [ ! -e log ] || "stream_by_$3" "$2" 2>/dev/null &
    stream=$!
    {
        wait_for_the_end
        [ -h end ] || settle
        report
    } &
    reporter=$!
    read -r _
    kill "$stream" "$reporter" 2>/dev/null
}

stream_by_tail() { # OFFSET
    exec tail -c +$(($1 + 1)) -f log
}

# Where tail would look only once a second. Each cat goes on where the last one stopped.
stream_by_poll() { # OFFSET
    exec 5<log
    dd bs=65536 skip=$(($1 / 65536)) count=0 <&5
    [ $(($1 % 65536)) -eq 0 ] || dd bs=$(($1 % 65536)) count=1 <&5 >/dev/null
    while cat <&5; do nap; done
}

# All that may still have a say hold this pipe open for writing; nobody ever writes. Nor could
# they: shells read a pipe byte by byte, and two who wait would share out one word.
wait_for_the_end() {
    [ -p alive ] || return
    exec 5<>alive 4<alive 5>&-
    read -r _ <&4
}

case $verb in
follow) follow "$@"; exit ;;
run)
    launch "$1" "$2" "$3" "$4" "$5" "$6"
    follow "$1" "$7" "$8" ''
    exit
    ;;
esac
