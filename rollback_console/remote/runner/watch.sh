# Beside the supervisor: the time limit, a dead pump, a pipe nobody lets go of, and, should
# the supervisor be killed, its last duty.
watch() { # SUPERVISOR INNER: PID START BOOT each
    uptime
    deadline=$((now + limit))
    quiet=0
    while sleep 1 8<&- 9>&-; do
        # shellcheck disable=SC2086 # split on purpose
        if alive $2; then
            uptime
            [ "$now" -lt "$deadline" ] || past_limit
            look "$pump" || writer || replace_pump
        else
            quiet=$((quiet + 1))
            [ "$quiet" -lt 2 ] || hold
            # shellcheck disable=SC2086
            alive $1 || { settle; finish orphan; exit; }
        fi
    done
}

past_limit() {
    token late "$now" && reap "$grace"
}

replace_pump() {
    token_surely pumped pump_died
    cat <&8 >/dev/null 9>&- &
    pump=$!
}
