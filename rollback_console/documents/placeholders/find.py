"""Where a text leaves something to fill in, told from what only looks like it.

A placeholder has the text its author wrote, the unit a value replaces, a kind and a name.
A moment inside a larger word (`pre-deploy-YYYYMMDD-HHMMSS`, `backup_<timestamp>.sql`) makes
the whole word the unit: the person picks one tag or one file, and the console can look for
it on the host. Everything else is replaced alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollback_console.documents.model import PlaceholderKind

from ..shell.memo import remember_short
from ..shell.scanner import Context, Scan, Segment, scan
from .kinds import kind_of, name_of


@dataclass(frozen=True, slots=True)
class PlaceholderSpan:
    """Characters `[start, end)` of a text that are a placeholder."""

    start: int
    end: int
    text: str
    moment: bool = False


@dataclass(frozen=True, slots=True)
class PlaceholderUse:
    """One placeholder in shell text. `start` and `end` are those of `unit`; `line` is the
    0-based line of the text it begins on; `head` says it begins a command word."""

    start: int
    end: int
    text: str
    unit: str
    kind: PlaceholderKind
    name: str
    line: int
    context: Context
    nested: bool
    head: bool


_DATE = r"(?:(?:YYYY|AAAA|JJJJ)[-_/.]?MM[-_/.]?(?:DD|JJ|TT)|(?:DD|JJ|TT)[-_/.]MM[-_/.](?:YYYY|AAAA|JJJJ))"
_SHAPES: tuple[tuple[str, str], ...] = (
    ("template", r"\$\{\{[^{}\n]{1,80}\}\}"),
    ("mustache", r"(?<![{$%])\{\{[ \t]*[^\W\d][\w -]{0,60}?(?:\.\w{1,40}){0,4}[ \t]*\}\}(?!\})"),
    ("escaped", r"\\<[^\W\d][^<>\n\\]{0,80}\\>"),
    ("angle", r"(?<!<)<(?![\s\d])[^<>\n\"$`]{0,80}[^<>\n\"$`\s]>(?!\()"),
    ("square", r"(?<![\w\])}$\[!])(?<!\w_\w)\[[^\W\d][^\[\]\n{}()\"$`*^@?\\]{1,80}\](?![(\[:*+?{\]])"),
    ("joined", r"(?<=[_.\-/:=])\[[A-Za-z][\w -]{1,40}\](?![(\[*+?{\]])"),
    ("guillemet", r"«(?!\s)[^«»\n\"$`]{1,80}(?<!\s)»"),
    ("brace", r"(?<![\w$@%{#\\'\"])\{[^\W\d][\w -]{1,40}\}(?!\})|(?<=[_.\-/:='\"])\{[^\W\d]\w{1,40}\}(?!\})"),
    ("moment", rf"(?<![A-Za-z0-9]){_DATE}(?:[-_T/.: ]?HH[-_:.]?MM(?:[-_:.]?SS)?)?(?![A-Za-z0-9])"),
    ("version", r"(?<![\w.])[vV]?(?:[XYZNxyzn]|\d{1,4})\.(?:[XYZNxyzn]|\d{1,4})(?:\.[XYZNxyzn])(?![\w.]*\w)"
                r"|(?<![\w.])[vV]?[XYxy]\.[XYxy](?![\w.]*\w)"),
    ("calver", r"(?<![A-Za-z0-9.])(?:YYYY|YY)\.(?:0?M{1,2}|0?W{1,2})(?:\.(?:0?D{1,2}|R|N|MICRO|MINOR|PATCH|BUILD))?(?![\w.]*\w)"),
    ("small", r"(?<![A-Za-z0-9])yyyy[-_]?mm[-_]?dd(?:[-_]?hh[-_]?mm(?:[-_]?ss)?)?(?![A-Za-z0-9])"),
    ("crosses", r"(?<![A-Za-z0-9$])(?:0{1,3}X{2,6}|X{3,40})(?![A-Za-z0-9])"),
    ("blank", r"(?<!\w)_{3,200}(?!\w)"),
    ("path", r"(?<![\w$}./-])(?:\.{0,2}/)?(?:path|ruta|chemin|pfad)[/](?:to|a|al|vers|zu|zum)(?:/[\w.@%+,-]{1,80}){0,20}/?(?![\w$])"),
    ("yours", r"(?<![\w$/{.-])(?<!\$\{)(?:your|YOUR|tu|votre|dein)[-_][A-Za-z0-9]{1,40}(?:[-_][A-Za-z0-9]{1,40}){0,6}(?![\w=(])"),
    ("capital", r"(?<=[\s=:/@])(?:(?:PREVIOUS|PREV|LAST|OLD|STABLE|TARGET|LAST_GOOD|KNOWN_GOOD)_[A-Z][A-Z_]{1,30}"
                r"|REVISION(?:_NUMBER)?|COMMIT_(?:SHA|HASH|ID)|GIT_SHA|TIMESTAMP|BACKUP_FILE|BACKUP_ID"
                r"|(?:[A-Z][A-Z0-9]{1,20}_){1,4}(?:NAME|ID|SERVICE|VERSION|SHA|HASH|TAG|TIMESTAMP|DATE|FILE|PATH|DIR|HOST|SERVER|URL|NUMBER"
                r"|REVISION|COMMIT|BRANCH|IMAGE|CLUSTER|NAMESPACE|DEPLOYMENT|POD|BUCKET|PROJECT|REGION|ACCOUNT|INSTANCE|TABLE|STACK"
                r"|CONTAINER|APP|RELEASE|SNAPSHOT|MIGRATION|TASK|GROUP|ARN)"
                r"|(?:TAG|SHA|COMMIT|HASH|VERSION|BRANCH|NAMESPACE|POD)(?=[\s:/@\"')]|$))(?![\w=(.])"),
    ("inside", r"(?<=[A-Za-z0-9][-_.])(?:TIMESTAMP|DATETIME|DATE|VERSION|TAG|SHA|COMMIT|HASH)(?![A-Za-z0-9_=(])"),
    ("dots", r"(?<![\w\])}$\[!])\[\.\.\.\](?![(\[])"),
)  # fmt: skip


def _either(begins: str) -> str:
    """The shapes that begin so. No two shapes share a first letter across the two groups."""
    marks = {
        "template",
        "mustache",
        "escaped",
        "angle",
        "square",
        "dots",
        "joined",
        "brace",
        "guillemet",
    }
    return "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in _SHAPES
        if (name in marks) == (begins == "marks")
    )


# Inside a word nothing of the second group begins, which one look behind decides.
_PATTERN = re.compile(
    rf"(?=[<«\[{{\\$])(?:{_either('marks')})|(?<![A-Za-z0-9])(?:{_either('words')})"
)
_NOT_ANGLE = re.compile(
    r"<(?:none|br ?/?|/?(?:details|summary|html|head|body|div|span|p|b|i|u|em|strong|sub|sup|kbd|pre|img"
    r"|a|ul|ol|li|hr|title|script|style)\b.*|unset|nil|null|!--.*|https?:.*|mailto:.*|[^<>\s]+@[^<>\s]+\.\w+)>",
    re.IGNORECASE,
)
_NOT_SQUARE = re.compile(
    r"\[(?:x|info|warn|warning|error|ok|fail|failed|debug|pass|passed|done|note|important|tip|caution"
    r"|critical|fatal|success|skip|toc|(?:p|s|sev|l|t)-?\d|\w-\w(?:\w-\w)*[\w-]*|[^\W\d]{1,2}|\w+=.*|[^,]*,[^ ].*)\]",
    re.IGNORECASE,
)
_NOT_BRACE = re.compile(r"\{(?:print|next|exit|else|end)\b.*\}")
_MOMENTS = {"TIMESTAMP", "DATETIME", "DATE"}
_OPERATOR = re.compile(r"&&|\|\||;|\s(?:AND|OR)\s")
_MOMENT_WORD = re.compile(
    r"time-?_?stamp|date(?!-?base)|datetime|fecha|horodatage|zeitstempel|datum|时间|日期", re.I
)
# A tag in front of a line for the log, and names that a program is given as names.
_SAYS = re.compile(
    r"\b(?:echo|printf|log|logger|log_\w+|write-host|say)\b[^|;&]{0,20}[\"']?$", re.IGNORECASE
)
_NAMES = re.compile(
    r"\b(?:export|unset|local|readonly|printenv|set env|config:(?:un)?set|(?:secret|variable|env) (?:set|rm|add|pull|unset))\s"
    r"|(?:^|\s)(?:-e|--env|-v)\s+$|[A-Z]_$|\$\{?\w*$"
)
_FORMATTER = re.compile(r"to_char|date_format|strftime|\bmoment\b|tochar", re.IGNORECASE)
# Braces in a here-document are that document's own.
_DOCUMENTS = {Context.HEREDOC, Context.QUOTED_HEREDOC}
_LEFT = re.compile(r"[\w.\-/@%+~]")
_RIGHT = re.compile(r"[\w.\-/@%+]")


@remember_short
def find_placeholders(text: str) -> tuple[PlaceholderSpan, ...]:
    """The placeholders of any text, in order and apart. Linear in the text."""
    return tuple(span for span in map(_accepted, _PATTERN.finditer(text)) if span)


@remember_short
def find_uses(text: str) -> tuple[PlaceholderUse, ...]:
    """The placeholders of shell text that a value must reach, comments left out."""
    spans = find_placeholders(text)
    return tuple(_uses(text, spans, scanned(text))) if spans else ()


def find_mentions(text: str) -> tuple[PlaceholderUse, ...]:
    """The placeholders of prose, each with the whole tag or file that its moment stands in."""
    spans = find_placeholders(text)
    return tuple(_uses(text, spans, _prose(text))) if spans else ()


def _prose(text: str) -> Scan:
    """Prose has no quotes and no comments."""
    return Scan((Segment(0, len(text), Context.PLAIN),), (), (), complete=True)


@remember_short
def scanned(text: str) -> Scan:
    """The shell's reading of a text, its placeholders taken for letters of words."""
    return scan(text, [(one.start, one.end) for one in find_placeholders(text)])


def _accepted(match: re.Match[str]) -> PlaceholderSpan | None:
    shape, text = match.lastgroup or "", match.group()
    if _is_something_else(shape, text, match):
        return None
    moment = (
        shape in {"moment", "small"}
        or (shape == "inside" and text in _MOMENTS)
        or (
            shape in {"angle", "square", "joined", "brace", "mustache", "guillemet"}
            and bool(_MOMENT_WORD.search(text))
        )
    )
    return PlaceholderSpan(match.start(), match.end(), text, moment)


def _is_something_else(shape: str, text: str, match: re.Match[str]) -> bool:
    if shape == "angle":
        named = bool(re.match(r"<[^\W_]|<_\w", text)) and not _NOT_ANGLE.fullmatch(text)
        return not named or _compares(match) or _is_closed(match)
    if shape == "brace":
        return bool(_NOT_BRACE.fullmatch(text))
    if shape in {"square", "joined"} and _NOT_SQUARE.fullmatch(text):
        return True
    around = match.string[max(0, match.start() - 80) : match.start()].rpartition("\n")[2]
    if shape == "moment":
        return bool(_FORMATTER.search(around))
    if shape in {"square", "joined"}:
        return bool(_SAYS.search(around)) and text[1:-1].isupper()
    if shape in {"capital", "inside"}:
        return bool(_NAMES.search(around))
    return shape == "crosses" and "mktemp" in around


def _compares(match: re.Match[str]) -> bool:
    """Whether the signs are those of a comparison: a<b and c>d, a <b && c> 2."""
    text, start = match.group(), match.start()
    line = match.string[max(match.string.rfind("\n", 0, start) + 1, start - 500) : start]
    quoted = line.count('"') % 2 or line.count("'") % 2
    joined = quoted and line[-1:].isalnum() and " " in text
    return bool(joined or _OPERATOR.search(text))


def _is_closed(match: re.Match[str]) -> bool:
    """Whether it is an element of XML: the same name is closed behind it."""
    name = re.split(r"[\s/>]", match.group()[1:], maxsplit=1)[0]
    end = match.end()
    return f"</{name}>" in match.string[end : end + 2000]


def _uses(text: str, spans: Sequence[PlaceholderSpan], read: Scan) -> Iterator[PlaceholderUse]:
    segments = iter(read.segments)
    segment = next(segments, None)
    line = counted = 0
    heads = set(read.heads)
    done = 0
    for one in spans:
        while segment and segment.end <= one.start:
            segment = next(segments, None)
        if segment is None or segment.context is Context.COMMENT or one.start < done:
            continue
        if segment.context in _DOCUMENTS and one.text.startswith("{") and one.text[1] != "{":
            continue
        start, end = _unit(text, one) if one.moment else (one.start, one.end)
        line, counted, done = line + text.count("\n", counted, start), start, end
        yield _use(text, one, (start, end), line, segment.context, segment.nested, start in heads)


def _use(
    text: str,
    one: PlaceholderSpan,
    span: tuple[int, int],
    line: int,
    context: Context,
    nested: bool,
    head: bool,
) -> PlaceholderUse:
    start, end = span
    unit = text[start:end]
    around = line_around(text, start, end)
    kind = kind_of(one.text, unit, around, one.moment)
    name = name_of(one.text, unit, kind)
    return PlaceholderUse(start, end, one.text, unit, kind, name, line, context, nested, head)


def line_around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands on the same line before and after; 200 characters at most each way."""
    before = text[max(0, start - 200) : start].rpartition("\n")[2]
    return before, text[end : end + 200].partition("\n")[0]


def _unit(text: str, one: PlaceholderSpan) -> tuple[int, int]:
    """The shell word around a moment, as far as it is one plain word."""
    start, end = one.start, one.end
    while start > max(0, one.start - 200) and _LEFT.match(text[start - 1]):
        start -= 1
    while end < min(len(text), one.end + 200) and _RIGHT.match(text[end]):
        end += 1
    edges = text[start - 1 : start] + text[end : end + 1]
    if "$" in edges or "{" in edges or "}" in edges or text[start:end].startswith("-"):
        return one.start, one.end
    while end > one.end and text[end - 1] == ".":
        end -= 1
    return start, end
