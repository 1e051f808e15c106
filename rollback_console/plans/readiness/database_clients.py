"""Clients of databases in a command: the same client again, only to sign in.

The author's SQL never runs, and none of the author's options is passed on: the console reads
off the text which server, which account and which database are meant, and writes its own
argument list. What it cannot write that way is not asked. The client answers no request for a
password in clear text, sends no file, and reads no service file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rollback_console.documents.shell.command_patterns import pieces, reads_like_command

_FILE = '[ -s "$1" ] && [ -r "$1" ] || { echo "there is no such file" >&2; exit 1; }'
_ENDS = re.compile(r"[<>|&;()]+")
_CHOOSES = re.compile(
    r"(?m)(?:^|[\s;&|])(PG(?:HOST|HOSTADDR|PORT|SERVICE|SERVICEFILE|SYSCONFDIR)"
    r"|MYSQL_(?:HOST|TCP_PORT|UNIX_PORT|HOME))="
)
_PASSWORD = re.compile(r"-p.*|--password.*|PGPASSWORD=.*|MYSQL_PWD=.*")
# A client that knows `require_auth` (16) refuses to send a password in clear; an older one is
# given none to send.
_PSQL = """\
unset PGSERVICE PGSERVICEFILE PGSYSCONFDIR PGOPTIONS PGHOST PGHOSTADDR PGPORT PGREQUIREAUTH
version=$(psql --version 2>/dev/null | sed -n 's/^[^0-9]*\\([0-9][0-9]*\\).*/\\1/p')
if [ "${version:-0}" -ge 16 ]; then PGREQUIREAUTH='!password'; export PGREQUIREAUTH
else unset PGPASSWORD; PGPASSFILE=/dev/null; export PGPASSFILE; fi
PGCONNECT_TIMEOUT=5; export PGCONNECT_TIMEOUT
exec "$@" </dev/null"""
# Without plugins a client of either kind can only answer a challenge: MariaDB's ways to send a
# password in clear are plugins, MySQL's is built in and off unless somebody turned it on.
_MYSQL = """\
unset LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN LIBMYSQL_PLUGINS LIBMYSQL_PLUGIN_DIR
unset MYSQL_HOST MYSQL_TCP_PORT
program=$1; shift
case $("$program" --version 2>/dev/null) in
*MariaDB*) ;;
*) set -- --skip-enable-cleartext-plugin "$@" ;;
esac
exec "$program" --plugin-dir=/dev/null --connect-timeout=5 "$@" </dev/null"""


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """A client that only signs in: `subject` is what to, in words.

    `server` is host:port, "" for the local one, whose `socket`, or the folder it lies in, the
    command may name. A `refusal` says why it is not tried.
    """

    subject: str
    argv: tuple[str, ...] = ()
    server: str = ""
    socket: str = ""
    account: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Clients that take the same options, by the name each has here.

    The rest of `values` are options with a value; short ones may end a bundle. `foreign` are
    options that lead elsewhere in a way the console does not repeat.
    """

    programs: re.Pattern[str]
    names: Mapping[str, str]
    values: re.Pattern[str]
    foreign: re.Pattern[str] = re.compile(r"(?!)")
    port: int = 0


_MYSQL_NAMES = {
    "-h": "host", "--host": "host", "-P": "port", "--port": "port", "-S": "socket",
    "--socket": "socket", "-u": "user", "--user": "user", "-D": "database",
    "--database": "database", "--protocol": "protocol",
}  # fmt: skip
_MYSQL_FOREIGN = re.compile(
    r"--(?:defaults-[\w-]+|login-path|no-login-paths|no-defaults|ssl[\w-]*|tls[\w-]*|plugin[\w-]*"
    r"|default-auth|enable-cleartext-plugin|server-public-key-path|dns-srv-name)(?:=.*)?"
)
_POSTGRESQL_NAMES = {
    "-h": "host", "--host": "host", "-p": "port", "--port": "port", "-U": "user",
    "--username": "user", "-d": "database", "--dbname": "database",
}  # fmt: skip
_KINDS = (
    _Kind(
        re.compile(r"mysql|mariadb"),
        _MYSQL_NAMES,
        re.compile(r"-\w*e|--execute|--init-command"),
        _MYSQL_FOREIGN,
        3306,
    ),
    _Kind(
        re.compile(r"mysqldump|mariadb-dump"),
        _MYSQL_NAMES,
        re.compile(r"-[rTw]|--(?:result-file|tab|where|ignore-table)"),
        _MYSQL_FOREIGN,
        3306,
    ),
    _Kind(
        re.compile(r"psql"),
        _POSTGRESQL_NAMES,
        re.compile(r"-\w*[cfvFPRLoT]|--(?:command|file|set)"),
        port=5432,
    ),
    _Kind(
        re.compile(r"pg_dump|pg_restore"),
        _POSTGRESQL_NAMES,
        re.compile(r"-[fFntTNjEZ]|--(?:file|format|table|schema|jobs)"),
        port=5432,
    ),
    _Kind(re.compile(r"sqlite3"), {}, re.compile(r"-(?:cmd|separator|init|nullvalue)")),
)
_SAFE_VALUE = {
    "host": re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\]?)"),
    "port": re.compile(r"[0-9]{1,5}"),
    "socket": re.compile(r"/[\w./+-]+", re.ASCII),
    "user": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*"),
    "database": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.$-]*"),
    "protocol": re.compile(r"tcp|socket", re.IGNORECASE),
}


@dataclass(slots=True)
class _Client:
    """What a command says of its server, by name; `whole` that no password is missing."""

    program: str
    kind: _Kind
    named: dict[str, str] = field(default_factory=dict)
    whole: bool = True
    refusal: str = ""


def database_logins(script: str, values: Mapping[str, str]) -> Iterator[DatabaseLogin]:
    """A sign-in for each client in `script`; `values` are parameters by name."""
    chosen = _CHOOSES.search(script)
    for line in pieces(script):
        if reads_like_command(line.strip()):
            for words in _commands(line.strip(), values):
                if login := _login(words):
                    local = chosen and not login.server and "sqlite3" not in words
                    yield _elsewhere(login, chosen[1]) if chosen and local else login


def _elsewhere(login: DatabaseLogin, name: str) -> DatabaseLogin:
    """The step itself chooses a server by a variable: the local one would be another."""
    refusal = f"The step sets {name}, so it is not told which server is meant."
    return replace(login, argv=(), socket="", refusal=login.refusal or refusal)


def _commands(line: str, values: Mapping[str, str]) -> Iterator[list[str]]:
    """The words of each command of a line, without what comes from and goes to files."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split, reader.commenters = True, ""
    words: list[str] = []
    try:
        for token in [*reader, ";"]:
            if not _ENDS.fullmatch(token):
                words.append(_filled(token, values))
            elif words:
                yield words
                words = [""] if token[0] in "<>" else []
    except ValueError:
        return


def _filled(word: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], match[0]), word)


def _login(words: list[str]) -> DatabaseLogin | None:
    account = ""
    if words[:1] == ["sudo"] and words[1:2] == ["-u"] and len(words) > 3:
        account, words = words[2], words[3:]
    secret = bool(words and _PASSWORD.fullmatch(words[0]))
    program, *rest = [*(words[1:] if secret else words), ""]
    name = program.rpartition("/")[2]
    kind = next((each for each in _KINDS if each.programs.fullmatch(name)), None)
    client = _read_client(name, kind, rest[:-1], whole=not secret) if kind else None
    return _sign_in(client, account) if client else None


def _sign_in(client: _Client, account: str) -> DatabaseLogin | None:
    name = client.named.get("database", "")
    if client.program == "sqlite3":
        look = ("sh", "-c", _FILE, "sh", name)
        return DatabaseLogin(name, look, account=account) if name else None
    postgresql = client.kind.names is _POSTGRESQL_NAMES
    mariadb = client.program.startswith("mariadb")
    family = "postgresql" if postgresql else "mariadb" if mariadb else "mysql"
    if client.refusal:
        return DatabaseLogin(family, account=account, refusal=client.refusal)
    subject = " ".join([family, *([name] if name else [])])
    argv = _postgresql(client) if postgresql else _mysql(client, family)
    socket = client.named.get("host" if postgresql else "socket", "")
    server = _server(client)
    return DatabaseLogin(subject, argv, server, "" if server else socket, account)


def _server(client: _Client) -> str:
    """host:port; "" where it is reached through a socket of this machine."""
    host, named = client.named.get("host", ""), client.named
    mysql = client.kind.names is _MYSQL_NAMES
    if not mysql and (not host or host.startswith("/")):
        return ""
    tcp = "port" in named or named.get("protocol", "").lower() == "tcp"
    if mysql and host in {"", "localhost"} and not tcp:
        return ""
    return f"{host or 'localhost'}:{named.get('port', client.kind.port)}"


def _mysql(client: _Client, family: str) -> tuple[str, ...]:
    """Without the password that a step has, the server is asked for a sign of life alone."""
    place = _mysql_place(client)
    if client.whole:
        name = client.named.get("database", "")
        named = (f"--database={name}",) if name else ()
        look = (*place, "--local-infile=0", *named, "--execute=SELECT 1")
        return ("sh", "-c", _MYSQL, "sh", family, *look)
    admin = "mariadb-admin" if family == "mariadb" else "mysqladmin"
    return ("sh", "-c", _MYSQL, "sh", admin, *place, "ping")


def _mysql_place(client: _Client) -> tuple[str, ...]:
    server, named = _server(client), client.named
    options = [f"--{name}={named[name]}" for name in ("socket", "user") if name in named]
    if not server:
        return tuple(options)
    host, _, port = server.rpartition(":")
    return (f"--host={host}", f"--port={port}", "--protocol=tcp", *options)


def _postgresql(client: _Client) -> tuple[str, ...]:
    """Without the name of the database psql would look for one that is called as its user."""
    named = client.named
    place = [
        f"--{option}={named[name]}"
        for option, name in (("host", "host"), ("port", "port"), ("username", "user"))
        if name in named
    ]
    if client.whole and named.get("database"):
        run: tuple[str, ...] = (
            "psql",
            "-X",
            "-q",
            "-w",
            "-c",
            "SELECT 1",
            *place,
            f"--dbname={named['database']}",
        )
    else:
        run = ("pg_isready", "-q", "-t", "5", *place)
    return ("sh", "-c", _PSQL, "sh", *run)


def _read_client(program: str, kind: _Kind, words: list[str], *, whole: bool) -> _Client | None:
    """None where it is not known which server is meant."""
    client, rest = _Client(program, kind, whole=whole), list(words)
    while rest:
        word = rest.pop(0)
        name, value = _option(kind, word, rest)
        if name:
            if not _note(client, name, value):
                return None
        elif kind.foreign.fullmatch(word):
            client.refusal = _refusal(f"the option {word.partition('=')[0]}")
        elif _PASSWORD.fullmatch(word):
            client.whole = False
        elif kind.values.fullmatch(word):
            del rest[:1]
        elif "database" not in client.named and _is_name(program, word):
            _note(client, "database", word)
    return client


def _is_name(program: str, word: str) -> bool:
    return program != "pg_restore" and word[:1] not in {"-", ""}


def _option(kind: _Kind, word: str, rest: list[str]) -> tuple[str, str]:
    """Its name here and its value, taken from what follows where need be; "" for another."""
    option, equals, value = word.partition("=")
    if not word.startswith("--"):
        option, equals, value = word[:2], word[2:], word[2:]
    name = kind.names.get(option, "")
    if name and not equals and rest:
        value = rest.pop(0)
    return name, value


def _note(client: _Client, name: str, value: str) -> bool:
    """False where the value is not known and decides which server is meant."""
    if "$" in value:
        if name == "database":
            client.named["database"] = ""
        client.whole = client.whole and name not in {"user", "database"}
        return name in {"user", "database"}
    if client.program == "sqlite3":
        client.named[name] = value
        return True
    folder = name == "host" and value[:1] == "/" and client.kind.names is _POSTGRESQL_NAMES
    if _SAFE_VALUE["socket" if folder else name].fullmatch(value):
        client.named[name] = value
    else:
        client.refusal = _refusal(f"“{value[:80]}” as its {name}")
    return True


def _refusal(what: str) -> str:
    return f"The command names {what}, which the console does not pass on."
