"""Clients of databases in a command: the same client again, only to sign in.

The author's SQL never runs. Where the console lacks the password that the command has, the server
is only asked whether it is there; where it is not known which server is meant, nothing is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rollback_console.documents.shell.command_patterns import pieces, reads_like_command

_FILE = '[ -s "$1" ] && [ -r "$1" ] || { echo "there is no such file" >&2; exit 1; }'
_ENDS = re.compile(r"[<>|&;()]+")
_PASSWORD = re.compile(r"-p.*|--password.*|PGPASSWORD=.*|MYSQL_PWD=.*")


@dataclass(frozen=True, slots=True)
class _Kind:
    """Clients that take the same words. `place` says where and as whom, the rest of `values`
    are options with a value; short ones may end a bundle."""

    programs: re.Pattern[str]
    place: re.Pattern[str]
    values: re.Pattern[str]


_MYSQL_PLACE = re.compile(
    r"-([hPSuD])(.*)|--(host|port|socket|user|database|protocol|defaults-[\w-]+|ssl[\w-]*)(=.+)?"
)
_POSTGRESQL_PLACE = re.compile(r"-([hpUd])(.*)|--(host|port|username|dbname)(=.+)?")
_KINDS = {
    "mysql": _Kind(
        re.compile(r"(?:mysql|mariadb)"),
        _MYSQL_PLACE,
        re.compile(r"-\w*e|--execute|--init-command"),
    ),
    "mysqldump": _Kind(
        re.compile(r"(?:mysql|mariadb-)dump"),
        _MYSQL_PLACE,
        re.compile(r"-[rTw]|--(?:result-file|tab|where|ignore-table)"),
    ),
    "psql": _Kind(
        re.compile(r"psql"),
        _POSTGRESQL_PLACE,
        re.compile(r"-\w*[cfvFPRLoT]|--(?:command|file|set)"),
    ),
    "pg_dump": _Kind(
        re.compile(r"pg_dump|pg_restore"),
        _POSTGRESQL_PLACE,
        re.compile(r"-[fFntTNjEZ]|--(?:file|format|table|schema|jobs)"),
    ),
    "sqlite3": _Kind(
        re.compile(r"sqlite3"),
        re.compile(r"(?!)"),
        re.compile(r"-(?:cmd|separator|init|nullvalue)"),
    ),
}


@dataclass(slots=True)
class _Client:
    """`options` say where and as whom, `name` which database; `whole` that nothing is missing."""

    program: str
    options: list[str] = field(default_factory=list)
    name: str = ""
    whole: bool = True


def clients(script: str, values: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each client in `script`: what it signs in to, in words, and the argument list for that.

    `values` are parameters by name.
    """
    for line in pieces(script):
        if reads_like_command(line.strip()):
            for words in _commands(line.strip(), values):
                if asked := _question(words):
                    yield asked


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


def _question(words: list[str]) -> tuple[str, tuple[str, ...]] | None:
    account: tuple[str, ...] = ()
    if words[:1] == ["sudo"] and words[1:2] == ["-u"]:
        account, words = ("sudo", "-n", "-u", *words[2:3]), words[3:]
    secret = bool(words and _PASSWORD.fullmatch(words[0]))
    program, *rest = [*(words[1:] if secret else words), ""]
    name = program.rpartition("/")[2]
    kind = next((each for each in _KINDS.values() if each.programs.fullmatch(name)), None)
    client = _client(name, kind, rest[:-1], whole=not secret) if kind else None
    asked = _asked(client) if client else None
    return asked and (asked[0], (*account, *asked[1]))


def _asked(client: _Client) -> tuple[str, tuple[str, ...]] | None:
    if client.program == "sqlite3":
        return (client.name, ("sh", "-c", _FILE, "sh", client.name)) if client.name else None
    kind = next(each for each in ("mysql", "mariadb", "p") if client.program.startswith(each))
    end = (client.name,) if client.name else ()
    if kind == "p":
        return " ".join(["postgresql", *end]), _postgresql(client, end)
    if client.whole:
        look = (kind, *client.options, "--connect-timeout=5", "-e", "SELECT 1", *end)
        return " ".join([kind, *end]), look
    admin = "mariadb-admin" if kind == "mariadb" else "mysqladmin"
    place = [each for each in client.options if not re.match(r"-D|--database", each)]
    return " ".join([kind, *end]), (admin, *place, "--connect-timeout=5", "ping")


def _postgresql(client: _Client, end: tuple[str, ...]) -> tuple[str, ...]:
    """Without the name of the database psql would look for one that is called as its user."""
    named = end or any(re.match(r"-d|--dbname", each) for each in client.options)
    if client.whole and named:
        run = ("env", "PGCONNECT_TIMEOUT=5", "psql", "-X", "-q", "-w", "-c", "SELECT 1")
        return (*run, *client.options, *end)
    return ("pg_isready", "-q", "-t", "5", *client.options)


def _client(program: str, kind: _Kind, words: list[str], *, whole: bool) -> _Client | None:
    """None where it is not known which server is meant."""
    client, rest = _Client(program, whole=whole), list(words)
    while rest:
        word = rest.pop(0)
        if match := kind.place.fullmatch(word):
            if not (match[2] or match[4]) and rest:
                word += ("=" if match[3] else "") + rest.pop(0)
            if "$" not in word:
                client.options.append(word)
            elif re.match(r"-[uUdD]|--(?:user|dbname|database)", word):
                client.whole = False
            else:
                return None
        elif _PASSWORD.fullmatch(word):
            client.whole = False
        elif kind.values.fullmatch(word):
            del rest[:1]
        elif not client.name and program != "pg_restore" and word[:1] not in {"-", ""}:
            client.name = word
    if "$" in client.name:
        client.name = ""
    return client
