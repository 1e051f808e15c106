# Ends everything the command started and leaves `proof`: none, or PID:START:NAME of what
# would not die, which the next attempt at it begins with.
reap() { # GRACE
    # shellcheck disable=SC2046 # split on purpose
    set -- "$1" $(readlink run)
    [ $# -eq 4 ] && [ "$4" = "$boot" ] || return
    leader=$2 family=$(unproven)
    if look "$leader" && [ "$start" != "$3" ]; then
        token_surely proof none # a stranger has the number now, so no session of ours is left
        return
    fi
    gather
    send TERM
    patience $(($1 * 10))
    gather
    send KILL
    patience 20
    survivors
    token_surely proof "${left:-none}"
}

unproven() {
    list=$(readlink unproven) || return
    IFS=,
    for member in $list; do
        printf ' %s' "${member%:*}"
    done
}

# The session, its group, and all that descends from them even where it left the session.
# Remembered, because an orphan forgets its parents.
gather() {
    found=
    while :; do
        before=$found
        scan
        [ "$before" != "$found" ] || break
    done
}

scan() {
    list=$(cat /proc/[0-9]*/stat 2>/dev/null)
    IFS='
'
    for line in $list; do
        IFS=' '
        # shellcheck disable=SC2086 # split on purpose
        set -- "${line%% *}" ${line##*) }
        case " $found " in *" $1 "*) continue ;; esac
        case " $found $leader " in
        *" $3 "* | *" $4 "* | *" $5 "*) remember "$1" "${21}" ;;
        esac
    done
    unset IFS
}

remember() { # PID START
    found="$found $1"
    case " $family " in *" $1:$2 "*) ;; *) family="$family $1:$2" ;; esac
}

# The group is signalled as one, the rest one by one; what belongs to another user by sudo.
send() { # SIGNAL
    kill -"$1" -"$leader" 2>/dev/null
    for member in $family; do
        lives "$member" || continue
        member=${member%:*}
        if [ "$group" != "$leader" ] && kill -"$1" "$member" 2>/dev/null; then continue; fi
        [ -O "/proc/$member" ] || [ "$(id -u)" -eq 0 ] || by_sudo "$1" "$member"
    done
}

# As root, else as whom it belongs to: a step's account may be all that sudoers allows.
by_sudo() { # SIGNAL PID
    sudo -n kill -"$1" "$2" >/dev/null 2>&1 && return
    owner=$(stat -c %u "/proc/$2" 2>/dev/null) && sudo -n -u "#$owner" kill -"$1" "$2" >/dev/null 2>&1
}

patience() { # TENTHS of a second
    tenths=$1
    while [ "$tenths" -gt 0 ] && survivors; do
        tenths=$((tenths - 1))
        nap
    done
}

survivors() { # sets left; true while there are any
    left=
    for member in $family; do
        lives "$member" && [ "${#left}" -lt 3000 ] && left="$left,$member:$(named "${member%:*}")"
    done
    left=${left#,}
    [ -n "$left" ]
}

lives() { # PID:START
    look "${1%:*}" && [ "$start" = "${1#*:}" ]
}

named() { # PID
    tr -cs 'A-Za-z0-9._+\n-' _ 2>/dev/null <"/proc/$1/comm"
}
