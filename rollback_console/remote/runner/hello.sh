hello() { # AGENT SIZE PYTHON: what the agent's file is called, its bytes, and what runs it
    [ -n "$boot" ] && [ -r /proc/uptime ] && [ -r /proc/self/stat ] || refuse linux "$base"
    can_detach || refuse setsid "$base"
    for tool in ln readlink mkfifo tail cat cksum wc rm mv sleep stat; do
        command -v "$tool" >/dev/null 2>&1 || refuse tool "$tool"
    done
    case $(stat -f -c %T "$base" 2>/dev/null) in
    '' | UNKNOWN*) refuse filesystem "an unknown kind, $base" ;;
    nfs* | cifs | smb* | afs | ceph | gfs* | gpfs | lustre | v9fs | fuse | fuseblk) refuse filesystem "$(stat -f -c %T "$base"), $base" ;;
    esac
    ends_with_login && refuse logind "$base"
    remember_home
    follows=poll
    case $(tail --version 2>/dev/null) in *GNU*) follows='tail' ;; esac
    say hello "$boot" "$follows" "$(python_state "$@")" "$0"
    find "$base/spent" -type l -mtime +30 -exec rm -f {} + >/dev/null 2>&1 &
}

# none, or python without our agent's file (bare) or with it (ready).
python_state() { # AGENT SIZE PYTHON
    if ! command -v "$3" >/dev/null 2>&1; then
        echo none
    elif [ "$(wc -c 2>/dev/null <"$base/bin/$1.py")" = "$2" ]; then
        echo ready
    else
        echo bare
    fi
}

# systemd can be told to end whatever a login leaves behind: then nothing here is durable.
ends_with_login() {
    [ "$(id -u)" -ne 0 ] || return 1
    case $(logind_says) in
    'b true') return 0 ;;
    'b false') return 1 ;;
    esac
    cat /etc/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf /run/systemd/logind.conf.d/*.conf \
        /usr/lib/systemd/logind.conf.d/*.conf 2>/dev/null |
        grep -Eiq '^[[:space:]]*KillUserProcesses[[:space:]]*=[[:space:]]*(yes|y|true|t|on|1)[[:space:]]*$'
}

# What holds now, whatever its files say; only where there is no one to ask do we read those.
logind_says() {
    manager=org.freedesktop.login1.Manager
    busctl get-property org.freedesktop.login1 /org/freedesktop/login1 $manager KillUserProcesses 2>/dev/null
}

# A home that vanishes later must not look like an account that never had an attempt.
remember_home() {
    case $base in /var/tmp/*) return ;; esac
    mark=/var/tmp/rollback-console-$(id -u)
    [ "$(readlink "$mark/home")" = "$base" ] || { mkdir -p "$mark" && ln -sfn "$base" "$mark/home"; } 2>/dev/null
}

if [ "$verb" = hello ]; then hello "$@"; fi
