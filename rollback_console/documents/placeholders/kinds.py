"""What kind of value a placeholder wants, and what its parameter is called."""

from __future__ import annotations

import re

from rollback_console.documents.model import PlaceholderKind as Kind

from ..markdown.folded_text import fold
from ..shell.reserved_names import reserved_reason

Around = tuple[str, str]

_SECRETIVE = r"passw|secret|token|api[ _-]?key|credential|contrasena|mot de passe|kennwort"
_BY_WORD: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (Kind.SECRET, _SECRETIVE),
        (Kind.MIGRATION, r"migrat|alembic"),
        (Kind.COMMIT, r"\bsha\b|sha1|commit|hash\b|git[ _-]?ref"),
        (Kind.URL, r"\burl\b|endpoint|\bdomain|\buri\b"),
        (Kind.FILE, r"file|dump|archive|snapshot|backup|respaldo|sauvegarde|sicherung|\.sql|备份"),
        (Kind.DIRECTORY, r"\bdir\b|directory|folder|\bpath\b|ruta|chemin|pfad|\bverzeichnis"),
        (Kind.DATABASE, r"\bdb\b|database|db[ _-]?name|schema|base de datos|datenbank|数据库"),
        (Kind.TAG, r"\btag\b|etiqueta|etikett|标签|وسم"),
        (Kind.VERSION, r"version|\bver\b|release(?! ?name)|版本"),
        (Kind.HOST, r"\bhost|server|\bip\b|\bnode\b|address|servidor|serveur"),
        (Kind.UNIT, r"\bunit\b|systemd"),
        (Kind.NUMBER, r"number|\bnum\b|revision|\bport\b|\bpid\b|count|\bn\b|numero|nummer"),
        (Kind.APP, r"\bapp\b|application|service|deploy|project|component|release|workload"
                   r"|\bpod\b"),
        (Kind.TIMESTAMP, r"time ?stamp|\bdate\b|datetime|fecha|datum"),
    )
)  # fmt: skip
_MIGRATION_TOOL = re.compile(
    r"\balembic\b.*downgrade|manage\.py migrate|\bflyway\b|knex\b.*migrate|db:migrate|db:rollback"
    r"|migrate:(?:undo|rollback)|sequelize|prisma migrate|dotnet ef"
)
_VERSION = re.compile(r"[vV]?[\dXYZNxyzn]+(?:\.[\dXYZNxyzn]+)+")
_GIT = re.compile(r"\bgit\b.*\b(?:checkout|reset|revert|switch|merge|rebase|diff|show|log|push)\b")
_EXTENSION = re.compile(
    r"\.(?:sql|gz|dump|tar|tgz|zip|bak|bz2|xz|zst|rdb|db|backup|json|ya?ml|conf|env|jar|war|log"
    r"|sqlite3?)\b"
)
_FILLER = re.compile(
    r"^(?:(?:describe|insert|enter|add|fill in|specify|provide|document|your|the|a|an"
    r"|name of(?: the)?)\s+)+"
)
# Names that read like one a shell or a tool gives a meaning, beside those that have one.
_TAKEN = re.compile(
    r"(?:PATH|HOME|USER|PWD|OLDPWD|SHELL|TERM|LANG|LC_\w+|IFS|PS\d|ENV|BASH\w*|TMPDIR|MAIL"
    r"|LOGNAME|HOSTNAME"
    r"|UID|EUID|PPID|OPTARG|OPTIND|LINENO|RANDOM|SECONDS|LD_\w+|GIT_\w+|SSH_\w+|SUDO_\w+"
    r"|PYTHON\w*|PERL\w*"
    r"|RUBY\w*|NODE_\w+|DISPLAY|EDITOR|VISUAL|PAGER|TZ|CDPATH|GLOBIGNORE|POSIXLY_CORRECT"
    r"|FUNCNEST|SHELLOPTS)"
)


def kind_of(text: str, unit: str, around: Around, moment: bool) -> Kind:
    """The kind, by the placeholder's own words first and by the command around it second."""
    before, after = around
    if moment and unit != text:
        return _kind_of_word(unit, before)
    words = re.sub(r"[-_]+", " ", fold(text))
    worded = next((kind for kind, pattern in _BY_WORD if pattern.search(words)), None)
    return _sharpened(worded, text, before, after) or (Kind.TIMESTAMP if moment else Kind.TEXT)


def names_secret(name: str) -> bool:
    """Whether a variable is called like something that nobody should read."""
    words = re.sub(r"[-_]+", " ", fold(name))
    return bool(re.search(rf"{_SECRETIVE}|\bpass\b|(?:private|access|signing) key", words))


def name_of(text: str, unit: str, kind: Kind) -> str:
    """The parameter's name: `[A-Z][A-Z0-9_]*`, never a name the shell gives a meaning."""
    if _VERSION.fullmatch(text):
        return "VERSION"
    if unit != text:
        name = _name(f"{_stem(unit.replace(text, ' '))} {_SUFFIX.get(kind, 'name')}")
    else:
        name = _name(_FILLER.sub("", _words(text))) or _FALLBACK.get(kind, "VALUE")
    return _free_name(name)


def name_from_label(label: str) -> str:
    """The name of a blank, from the label before it; empty when the label says nothing."""
    name = _name(_words(label))
    return _free_name(name)


def _free_name(name: str) -> str:
    taken = _TAKEN.fullmatch(name) or reserved_reason(name)
    return f"{name}_VALUE" if taken else name


_SUFFIX = {
    Kind.FILE: "file",
    Kind.TAG: "tag",
    Kind.DIRECTORY: "directory",
    Kind.DATABASE: "database",
    Kind.URL: "url",
    Kind.COMMIT: "commit",
    Kind.VERSION: "version",
}
_FALLBACK = {
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.VERSION: "VERSION",
    Kind.NUMBER: "NUMBER",
    Kind.COMMIT: "COMMIT",
    Kind.FILE: "FILE",
    Kind.DATABASE: "DATABASE",
}


def _sharpened(worded: Kind | None, text: str, before: str, after: str) -> Kind | None:
    """The same word means different things to different commands."""
    if _VERSION.fullmatch(text):
        return Kind.TAG if _GIT.search(before) else Kind.VERSION
    if before.endswith("STEP="):
        return Kind.NUMBER
    if worded in {None, Kind.NUMBER, Kind.VERSION, Kind.TEXT} and _MIGRATION_TOOL.search(before):
        return Kind.MIGRATION
    if "systemctl" in before and worded in {None, Kind.APP}:
        return Kind.UNIT
    if worded in {None, Kind.VERSION} and _GIT.search(before):
        return Kind.TAG if worded else Kind.COMMIT
    if worded is None and re.search(r"https?://$", before):
        return Kind.URL
    return _by_shape(worded, text, before, after)


def _by_shape(worded: Kind | None, text: str, before: str, after: str) -> Kind | None:
    if "path/to" in text or text.startswith("/"):
        return Kind.FILE if _EXTENSION.search(text + after[:5]) else Kind.DIRECTORY
    if worded is None and _EXTENSION.match(after):
        return Kind.FILE
    if worded is None and re.search(r"--to-revision[= ]$|-p ?$|--port[= ]$", before):
        return Kind.NUMBER
    return worded


def _kind_of_word(unit: str, before: str) -> Kind:
    if _EXTENSION.search(unit):
        return Kind.FILE
    if _GIT.search(before) or re.search(r"git tag", before):
        return Kind.TAG
    if re.search(r":$", before) and not re.search(r"://$", before):
        return Kind.TAG
    if "/" in unit:
        return Kind.DIRECTORY
    if re.search(r"dump|backup|restore|[<>]\s*$", before):
        return Kind.FILE
    return Kind.TEXT


def _words(text: str) -> str:
    bare = re.sub(r"^[\\<\[{$ ]+|[\\>\]} ]+$", "", text)
    return re.sub(r"[-_.]+", " ", fold(bare)) if bare.strip("_") else ""


def _stem(rest: str) -> str:
    base = rest.rstrip("/ ").rpartition("/")[2]
    return re.sub(r"\.[A-Za-z0-9.]{1,12}$", "", base.strip())


def _name(words: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", fold(words).upper()).strip("_")[:40].strip("_")
    return f"N_{name}" if name[:1].isdigit() else name
