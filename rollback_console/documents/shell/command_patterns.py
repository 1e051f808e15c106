"""Whether a line reads like a shell command, and what a command destroys or blocks on."""

from __future__ import annotations

import re

from .memo import remember_short

SHELLS = frozenset({"bash", "sh", "shell", "zsh", "ksh", "dash", "posix", "bash-script"})
SESSIONS = frozenset(
    {
        "console",
        "shell-session",
        "shellsession",
        "terminal",
        "sh-session",
        "bash-session",
        "command",
        "cmdline",
    }
)
POWERSHELLS = frozenset(
    {"powershell", "ps1", "pwsh", "ps", "posh", "cmd", "bat", "batch", "dosbatch"}
)
SQLS = frozenset({"sql", "mysql", "postgresql", "psql", "plsql", "tsql", "pgsql", "postgres", "sqlite"})  # fmt: skip

_PROGRAMS = frozenset(
    """
    sudo su git gh glab kubectl helm helmfile kustomize oc k9s docker docker-compose podman nerdctl skopeo crane
    systemctl service journalctl supervisorctl pm2 forever nginx apachectl apache2ctl httpd haproxy caddy
    mysql mysqldump mariadb mariadb-dump psql pg_dump pg_restore pg_dumpall createdb dropdb pg_ctl sqlite3 redis-cli
    valkey-cli mongo mongosh mongodump mongorestore mongoimport sqlcmd bcp cqlsh influx clickhouse-client
    python python3 python2 pip pip3 pipenv poetry uv uvicorn gunicorn celery flask django-admin alembic pytest tox
    ruby bundle rake rails gem cap mina puma unicorn php artisan composer symfony drush wp node npm npx yarn pnpm bun
    deno prisma knex sequelize typeorm java javac mvn gradle ./gradlew ./mvnw sbt go cargo rustup dotnet msbuild
    flyway liquibase dbmate goose migrate atlas sqitch terraform terragrunt tofu pulumi ansible ansible-playbook
    packer vault consul nomad aws gcloud gsutil bq az doctl flyctl fly heroku vercel netlify railway render eb sam cdk
    serverless sls firebase wrangler supabase ecs-cli eksctl argocd argo flux linkerd istioctl velero kubectx kubens
    curl wget http httpie ab hey k6 wrk nc telnet ping dig nslookup host traceroute openssl ssh scp rsync sftp
    cp mv rm ln mkdir rmdir touch chmod chown cat tail head less more grep egrep fgrep zgrep awk sed cut sort uniq wc
    tr tee xargs find ls ll cd pwd pushd popd tar gzip gunzip zip unzip zcat bzip2 xz dd df du free top htop ps kill
    killall pkill pgrep lsof netstat ss watch sleep date echo printf export source set unset env test time timeout
    nohup screen tmux crontab at apt apt-get dpkg yum dnf rpm apk brew snap zypper pacman make cmake jq yq vi vim nano
    diff patch md5sum sha256sum sha1sum base64 hostname uname whoami id mount umount ip iptables ufw update-rc.d
    true false read exit return if for while until case do then else fi done function local declare eval exec trap
    wait bg fg jobs disown alias type which command history stat file readlink realpath basename dirname seq shuf
    rabbitmqctl rabbitmq-admin kafka-topics kafka-topics.sh kafka-consumer-groups kafka-consumer-groups.sh zkCli.sh
    etcdctl cap ebcli certbot letsencrypt logrotate rc-service launchctl sc net taskkill iisreset
    bin/rails bin/rake bin/console az.cmd etckeeper dokku kamal mutagen mc rclone restic borg pgbackrest wal-g barman
    xtrabackup mariabackup innobackupex lftp ftp mail sendmail logger chef-client puppet salt salt-call nsenter crictl
    ctr nix nix-env nixos-rebuild ostree rpm-ostree bootctl grub-reboot zfs zpool lvconvert lvcreate btrfs snapper
    """.split()  # noqa: SIM905 - a word list reads better than 300 quotes
)  # fmt: skip
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=(?:\S|$)|\$[A-Za-z_({]")
_PATHLIKE = re.compile(
    r"(?:\.{1,2}|~)?/[\w.@<>{}$-]+(?:/[\w.@<>{}$*-]+)*$|[\w./-]+\.(?:sh|py|rb|pl|php|js|ps1|bash)$"
)
_PREFIX = re.compile(
    r"(?:sudo(?:\s+-\S+(?:\s+\w+(?=\s+-|\s+\S))?)*|env|time|nohup|exec)\s+|[A-Za-z_]\w*=\S*\s+"
)
_LONG = 1500
_PROSE = re.compile(
    r"^[A-Z][a-z]+ (?:the|a|an|to|your|all|any|in|on|for|from|is|are|and|that|if)\b"
)

DESTROYS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("removes-files", r"\brm\s+(?:-\w+\s+)*-\w*[rR]\w*|\brm\s+(?:-\w+\s+)*--recursive"
                          r"|\bfind\b.*\s-delete\b|\bshred\b|Remove-Item\b.*-Recurse"),
        ("drops-data", r"\bdrop\s+(?:database|table|schema|column|index|view|user|role"
                       r"|constraint|collection)\b|\bdropdb\b|\btruncate\s+(?:table\s+)?\w"
                       r"|\bdelete\s+from\b|\.drop(?:Database)?\(|db:drop|migrate:fresh"
                       r"|migrate:reset|db:reset"),
        ("empties-cache", r"\bflush(?:all|db)\b"),
        ("discards-work", r"\bgit\s+reset\s+(?:.*\s)?--hard|\bgit\s+clean\s+-\w*f"
                          r"|\bgit\s+checkout\s+(?:--\s+)?\.(?:\s|$)"),
        ("force-push", r"\bgit\s+push\b.*(?:--force(?:-with-lease)?\b|\s-f\b|\s\+\S)"),
        ("restores-over", r"\b(?:mysql|mariadb|psql|sqlite3)\b[^|;&\n]*<(?!<)\s*\S"
                          r"|^(?!\s*(?:echo|printf)\b[^|]*\bselect\b).*\|\s*(?:sudo\s+)?(?:(?:docker|podman|kubectl|oc|docker-compose)\b[^|;\n]*\bexec\s[^|;\n]*)?\b(?:mysql|mariadb|psql)\b"
                          r"|\bpg_restore\b(?![^|;&\n]*\s(?-i:-l|--list)(?:\s|$))|\bmongorestore\b|\bpsql\b.*\s(?:-f|--file)[ =]"
                          r"|\bmysql\b.*\bsource\s|gunzip\b.*\|\s*(?:mysql|psql)"
                          r"|\brestore-db-instance|\bsnapshot restore|RESTORE DATABASE"
                          r"|\bbackups?:restore\b|\bpg:(?:reset|copy|pull|push)\b|\bvelero restore|\brestic restore|\bpgbackrest\b.*restore"),
        ("reverses-migration", r"manage\.py\s+migrate\s+\S+\s+\S+|\balembic\b.*\bdowngrade"
                               r"|\bflyway\b.*\bundo|\bliquibase\b.*rollback|db:rollback"
                               r"|db:migrate:down|VERSION=\S.*db:migrate|db:migrate\b.*VERSION="
                               r"|migrate:(?:rollback|undo)|migration:revert"
                               r"|knex\b.*migrate:(?:rollback|down)|\bgoose\b.*\bdown"
                               r"|\bdbmate\b.*\b(?:rollback|down)|\bmigrate\b.*\bdown\b"
                               r"|database update (?!-|$)\S|\bsqitch\s+revert"),
        ("destroys-resources", r"\bterraform\s+destroy|\bterragrunt\s+destroy|\bpulumi\s+destroy"
                               r"|\bkubectl\s+delete\s+(?:\S+\s+)*(?:pvc|pv|ns|namespace"
                               r"|statefulset|persistentvolume\S*|crd|secret)\b"
                               r"|\bdocker(?:-compose|\s+compose)\s.*\bdown\b.*(?:\s-v\b"
                               r"|--volumes)|\bdocker\s+volume\s+(?:rm|prune)"
                               r"|\bdocker\s+system\s+prune|\bhelm\s+(?:uninstall|delete)"
                               r"|\baws\s+s3\s+(?:rm|rb)\b|\bgcloud\b.*\bdelete\b"
                               r"|\baz\b.*\bdelete\b|\baws\b.*\bdelete-"),
    )
)  # fmt: skip


_QUOTED = re.compile(r"'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\"")
_CLIENT = re.compile(r"\b(?:mysql|mariadb|psql|sqlite3|mongo\w*|redis-cli)\b")
_NO_SIGNS = str.maketrans("<>", "  ")
_MAY_DESTROY = re.compile(
    r"\brm\b|delet|drop|truncat|remov|flush|reset|fresh|clean|checkout|push|restor|mysql|mariadb"
    r"|psql|sqlite|migrat|down"
    r"|undo|rollback|revert|update|destroy|prune|uninstall|shred|\bs3\b|pgbackrest",
    re.IGNORECASE,
)


@remember_short
def destroys(text: str) -> tuple[str, ...]:
    """Codes of what the command may destroy, none twice."""
    if not _MAY_DESTROY.search(text):
        return ()
    parts = [without_quoted_signs(piece) for piece in pieces(text)]
    return tuple(code for code, pattern in DESTROYS if any(pattern.search(part) for part in parts))


def without_quoted_signs(text: str) -> str:
    """The text without < and > inside quotes, where they compare; a quoted command of a client
    (ssh HOST "psql < dump") keeps them."""
    if "<" not in text and ">" not in text:
        return text
    return _QUOTED.sub(
        lambda match: match[0] if _CLIENT.search(match[0]) else match[0].translate(_NO_SIGNS), text
    )


def pieces(text: str) -> list[str]:
    """The lines of a command, continued ones joined, none long enough to make a pattern slow."""
    if len(text) < _LONG and "\n" not in text:
        return [text]
    lines = text.replace("\\\n", " ").split("\n")
    return [line[at : at + _LONG] for line in lines for at in range(0, len(line), _LONG)]


def bare(command: str) -> str:
    """The command without `sudo`, assignments and wrappers before it."""
    for _ in range(6):
        match = _PREFIX.match(command)
        if not match or match.end() == len(command):
            return command
        command = command[match.end() :]
    return command


def signature(command: str) -> tuple[str, str]:
    """Program and subcommand: what two ways of doing one thing have in common."""
    words = bare(command).split(None, 3)[:3]
    program = words[0] if words else ""
    second = words[1] if len(words) > 1 and not words[1].startswith("-") else ""
    return program, second


_LOOKS = re.compile(
    r"(?:ls|ll|cat|head|tail|less|grep|egrep|zgrep|ps|pgrep|df|du|free|uptime|top|ss|netstat|lsof|ping|dig|nslookup|host"
    r"|traceroute|stat|file|wc|readlink|realpath|id|whoami|hostname|uname|date|echo|printf|sleep|test|\[|\[\[|which|type|jq|yq"
    r"|pg_isready|journalctl|openssl s_client|nc -\w*z|sha256sum|md5sum|cd|export|set|find(?!.*-(?:delete|exec))|ab|k6|hey|wrk)(?:\s|$)"
    r"|(?:curl|http|https|wget)\b(?!.*(?:\s-X\s*(?:POST|PUT|DELETE|PATCH)|--request\s+(?:POST|PUT|DELETE|PATCH)|\s(?:(?-i:-d|-F|-T|-O)|--data\S*)\s|\bPOST\b|\bDELETE\b))"
    r"|(?:docker|podman|nerdctl|crictl)(?: compose|-compose)?\s+(?:\S+\s+)?(?:ps|logs|inspect|images|stats|top|version|info|ls|config)\b|docker-compose\s+(?:ps|logs|top|images)\b"
    r"|(?:kubectl|oc)\b.*?\s(?:get|describe|logs|top|version|cluster-info|explain|auth can-i|diff|wait|rollout (?:status|history))\b"
    r"|systemctl\b.*?\s?(?:status|is-active|is-enabled|is-failed|show|list-\S+|cat)\b|service\s+\S+\s+status\b|supervisorctl\s+status|pm2\s+(?:status|ls|list|logs|show|describe|info)\b"
    r"|git\b(?: -C \S+)?\s+(?:log|status|show|diff|describe|rev-parse|tag -l|tag --list|branch -a|branch --\S+|ls-remote|remote -v|fetch)\b"
    r"|helm\s+(?:list|ls|status|history|get|show)\b|terraform\s+(?:plan|show|output|state list|validate)\b|argocd\s+app\s+(?:get|list|history|diff|wait)\b"
    r"|(?:aws|gcloud|az)\b.*?\s(?:describe\S*|list\S*|get-\S+|show|wait|ls)\b|heroku\s+(?:logs|ps|releases)\b|vercel\s+(?:ls|inspect|logs)\b"
    r"|(?:psql|mysql|mariadb|sqlite3|sqlcmd|clickhouse-client)\b[^<|]*?[\"']\s*(?:select|show|explain|describe|\\\\d|\.tables)\b(?!.*(?:terminate|drop|delete|update|insert)\b)"
    r"|redis-cli\b.*\s(?:ping|get|info|llen|keys|dbsize|ttl)\b|rabbitmqctl\s+(?:status|list_\w+)|nginx\s+-[tT]\b|apachectl\s+(?:-t|configtest)"
    r"|.*\b(?:migrate:status|db:migrate:status|showmigrations|alembic (?:current|history|heads)|flyway info|manage\.py (?:check|test))\b"
    r"|(?:npm|yarn|pnpm)\s+(?:run\s+)?(?:test|lint|smoke)\S*|(?:pytest|tox|phpunit|newman|cypress|playwright)\b"
    r"|(?:[^\s/]*/|make\s+|(?:ba)?sh\s+|python3?\s+|node\s+|npm run\s+)\S*(?:smoke|verif|check|health|status|sanity|test|probe)\S*",
    re.IGNORECASE,
)
_STARTS = re.compile(r"(?:&&|\|\||[;|])\s*|\bdo\s+|\bthen\s+")


def only_looks(text: str) -> bool:
    """Whether a command changes nothing, as far as its words tell. Errs on the side of no."""
    if destroys(text) or re.search(r"(?<![0-9&<])>(?!\s*/dev/null|&)|\btee\b|\bxargs\b", text):
        return False
    pieces_of = (bare(piece.strip()) for line in pieces(text) for piece in _STARTS.split(line))
    return all(_LOOKS.match(piece) or _SHAPES_ONLY.match(piece) for piece in pieces_of if piece)


def may_change(text: str) -> bool:
    """Whether a command, as far as its words tell, changes something. Errs on the side of no, and
    yes for what destroys; `only_looks` errs the other way."""
    return bool(destroys(text) or (_CHANGES.search(text[:_LONG]) and not only_looks(text)))


_CHANGES = re.compile(
    r"\b(?:workflow run|restart|stop|start|delete|apply|create|install|uninstall|upgrade|deploy|rollback|undo|push|commit|checkout|reset|scale|patch|replace"
    r"|drain|cordon|enable|disable|reload|kill|pkill|rm|mv|cp|ln|mkdir|chmod|chown|truncate|restore|import|pg_dump|mysqldump|publish|promote|abort|prune)\b"
    r"|\bmigrate\b(?!:status)(?! (?:status|info|list|current|version|verify|history)\b)|\s(?:-X\s*|--request[ =])(?:POST|PUT|PATCH|DELETE)\b|\bup\s+-d\b|\bcompose\s+(?:up|down)\b|(?<![0-9&<-])>(?!\s*(?:/dev/null|&|[0-9]))\s*\S|\|\s*sudo\s+tee\b"
)
_SHAPES_ONLY = re.compile(
    r"(?:if|then|else|elif|fi|for|while|until|do|done|true|false|exit|return|sort|uniq|awk|sed (?!-i)|tr|cut|xxd|column|timeout|watch)\b|[#!({})]|[A-Za-z_]\w*="
)
_ACTS = re.compile(
    r"(?P<act>kubectl rollout undo|helm rollback|alembic downgrade|heroku (?:releases:)?rollback"
    r"|flyway undo"
    r"|(?:bin/)?rails db:rollback|artisan migrate:rollback|git reset --hard|git checkout"
    r"|git switch|git revert"
    r"|vercel rollback|argocd app rollback|cf rollback|eb deploy|wrangler rollback"
    r"|docker service rollback)"
    r"(?P<rest>(?:\s+\S+){0,12})"
)
# One state only can be the result, whatever the arguments; elsewhere the target decides.
_SINGLE = (
    "alembic",
    "flyway",
    "rails",
    "bin/rails",
    "artisan",
    "heroku",
    "git checkout",
)


def going_back_act(command: str) -> str:
    """What this command takes back, without where to: two of the same are two ways of one thing.

    Empty when it takes nothing back.
    """
    match = _ACTS.search(command[:400])
    if not match or re.search(r"\s(?:-b|--)(?:\s|$)", match["rest"]):
        return ""
    if match["act"] in {"git reset --hard", "git revert"}:
        return "git: undo commits"  # two ways to the same
    if match["act"].startswith(_SINGLE):
        return match["act"]
    words = [w for w in match["rest"].split() if not w.startswith("-") and not w.isdecimal()]
    return f"{match['act']} {' '.join(words[:2] if 'kubectl' in match['act'] else words[:1])}"


_SESSION_CLIENTS = frozenset({"psql", "mysql", "mariadb", "mongo", "mongosh", "sqlite3"})
_ENDS_OPTION = frozenset(
    {"-c", "-e", "-f", "--command", "--execute", "--file", "--eval", "-N", "--version"}
)
_TAKES_VALUE = frozenset(
    {
        "-p",
        "-i",
        "-o",
        "-l",
        "-J",
        "-F",
        "-L",
        "-R",
        "-D",
        "-b",
        "-c",
        "-m",
        "-W",
        "-w",
        "-E",
        "-e",
        "-S",
    }
)
_CONSOLES = frozenset({"shell", "dbshell", "console", "c", "dbconsole", "tinker"})
_FED = re.compile(r"(?<!\S)\d?[<>](?![\w-]+>)|[|;&]")
_SHELL_NAMES = frozenset({"sh", "bash", "zsh", "dash", "ash", "ksh"})


def opens_session(command: str) -> bool:
    """Whether what is written below the command is typed into it: a bare `ssh HOST` or `psql`."""
    words = re.sub(r"\s#.*", "", command[:400]).split()
    if words[:1] == ["sudo"] and len(words) > 1:
        if words[1] in {"-i", "-s", "su"}:
            return len(words) < 5
        words = words[3:] if words[1] == "-u" else words[1:]
    program = words[0].rpartition("/")[2] if words else ""
    rest = words[1:]
    if _FED.search(command[:400]):
        return False
    if program == "ssh":
        return _is_bare_ssh(rest)
    if program == "redis-cli":
        return all(word.startswith("-") for word in rest)
    if program in _SESSION_CLIENTS:
        has_text = any(word.partition("=")[0] in _ENDS_OPTION for word in rest)
        quoted = any(word[0] in "'\"" and word[1:2] != "$" for word in rest)
        return len(rest) < 10 and not has_text and not quoted
    if program == "su":
        return "-c" not in rest
    if program in {"docker", "podman", "kubectl", "oc"}:
        return "exec" in rest and rest[-1].rpartition("/")[2] in _SHELL_NAMES
    return (
        program.startswith(("manage.py", "python", "rails", "php"))
        and rest[-1:] != []
        and rest[-1] in _CONSOLES
    )


def _is_bare_ssh(words: list[str]) -> bool:
    """Options and one host, with no command behind it."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] in {"-N", "-V"}:
            return False
        at += 2 if words[at] in _TAKES_VALUE else 1
    return len(words) - at == 1


_SQL = re.compile(
    r"(?:SELECT|UPDATE|DELETE FROM|INSERT INTO|ALTER|DROP|CREATE|TRUNCATE|GRANT|REVOKE) [^|]*;\s*(?:--.*)?$|(?:BEGIN|COMMIT|ROLLBACK);\s*$"
)


def not_shell(line: str) -> bool:
    """A line in a shell fence that no shell could mean: an option alone, prose, another shell."""
    text = line.strip()
    return bool(
        text.startswith("-")
        or text.endswith(" ^")
        or re.match(r"\S+ [–—→] \S", text)
        or _SQL.match(text)
        or re.match(r"[a-z][\w.-]*:(?:\s+[^=\s].*)?$", text)
        or (_PROSE.match(text) and not reads_like_command(text))
    )


@remember_short
def reads_like_command(line: str) -> bool:
    """Whether a person would type this line at a prompt. Errs on the side of no."""
    line = line.strip()
    if not line or _PROSE.match(line):
        return False
    word = bare(line).split(None, 1)[0]
    return (
        word in _PROGRAMS
        or word.rpartition("/")[2] in _PROGRAMS
        or bool(_PATHLIKE.match(word))
        or bool(_ASSIGNMENT.match(line) and "=" in word and " " not in line.partition("=")[0])
    )
