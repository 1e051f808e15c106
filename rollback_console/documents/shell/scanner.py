"""One reading of shell text: which characters are quoted how, and where commands end.

A single pass over POSIX shell (and what bash adds to its quoting) with a stack of what is
open. It executes nothing and understands no command. Spans given as `opaque` (placeholders)
are letters of a word, whatever is written in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Context", "Scan", "Segment", "Span", "scan"]

Span = tuple[int, int]


class Context(StrEnum):
    """How the shell sees a character."""

    PLAIN = "plain"
    DOUBLE = "double"
    SINGLE = "single"
    ANSI_C = "ansi-c"
    COMMENT = "comment"
    PARAMETER = "parameter"
    ARITHMETIC = "arithmetic"
    BACKTICK = "backtick"
    HEREDOC = "heredoc"
    QUOTED_HEREDOC = "quoted-heredoc"


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters `[start, end)` seen in one context; `nested` when quotes lie around it."""

    start: int
    end: int
    context: Context
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """`segments` cover the text in order. `ends` are offsets of the newlines that end a
    complete command or comment line. `heads` are where command words begin. `complete` is
    False when something is still open at the end."""

    segments: tuple[Segment, ...]
    ends: tuple[int, ...]
    heads: tuple[int, ...]
    complete: bool


def scan(text: str, opaque: Sequence[Span] = ()) -> Scan:
    """Read `text` once. Never raises; what never closes is reported as not complete."""
    return _Scanner(text, opaque).run()


_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|(\\?)([^\s'\"\\;&|<>()]+))")
_DOUBLE_RUN = re.compile(r"[^\\\"`$]+")
_COMMANDS = {Context.PLAIN, Context.BACKTICK}
_OPENING = {"if", "for", "while", "until", "case", "select", "{"}
_CLOSING = {"fi", "done", "esac", "}"}
_BEFORE_COMMAND = {"then", "do", "else", "elif", "!", "time", "if", "while", "until", "{"}
_WORDS = _OPENING | _CLOSING | _BEFORE_COMMAND
_WORD = re.compile(r"[^\s\\'\"`$#&|;()<>]+")
_BLANKS = re.compile(r"[ \t]+")
# A line of plain words, as most are: nothing quoted, joined, expanded or redirected.
_LINE = re.compile(
    r"([\w./~+-][\w./~+:@%,-]*+)(?:[ \t]++(?:[\w./~+:@%,=*?-]|\$(?=\w))++)*+[ \t]*+(\n|\Z)"
)


@dataclass(slots=True)
class _Heredoc:
    word: str
    quoted: bool
    tabs: bool


@dataclass(frozen=True, slots=True)
class _Open:
    """Something that must close: `by` which text, how its inside is seen, quoted around."""

    by: str
    context: Context
    nested: bool


_GROUND = _Open("", Context.PLAIN, nested=False)


@dataclass(slots=True)
class _Scanner:
    """Where the reading is, what is open, what it has seen, and the moves over each kind of text."""

    text: str
    opaque: Sequence[Span]
    at: int = 0
    stack: list[_Open] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    pending: list[_Heredoc] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    command_next: bool = True
    word_start: bool = True
    continues: bool = False
    broken: bool = False
    backticks: bool = False
    cases: int = 0
    next_opaque: int = 0

    def run(self) -> Scan:
        while self.at < len(self.text):
            before = self.at
            if not self._whole_line():
                self._step()
            self.at = max(self.at, before + 1)
        complete = not (self.stack or self.pending or self.keywords or self.broken)
        return Scan(
            tuple(self.segments),
            tuple(self.ends),
            tuple(self.heads),
            complete and not self.continues,
        )

    def _whole_line(self) -> bool:
        """Take a line of plain words at once, where a command begins and nothing is open."""
        if not (self.command_next and self.word_start) or self._is_open():
            return False
        if self.at and self.text[self.at - 1] != "\n":
            return False
        match = _LINE.match(self.text, self.at)
        if match is None or match[1] in _WORDS:
            return False
        self.heads.append(self.at)
        self._mark(match.end(), Context.PLAIN)
        if match[2]:
            self.ends.append(self.at - 1)
        return True

    def _is_open(self) -> bool:
        return bool(self.stack or self.pending or self.keywords or self.continues)

    def _step(self) -> None:
        if self._skip_opaque():
            return
        match self._here():
            case Context.DOUBLE:
                self._double()
            case Context.PARAMETER | Context.ARITHMETIC as context:
                self._braced(context)
            case _:
                self._plain()

    # What may stand where commands stand.

    def _plain(self) -> None:
        letter = self.text[self.at]
        if letter == "\n":
            self._newline()
        elif letter in " \t\r":
            match = _BLANKS.match(self.text, self.at)
            self._mark(match.end() if match else self.at + 1, self._here())
            self.word_start = True
        elif letter == "#" and self.word_start:
            self._comment()
        else:
            self._not_blank(letter)

    def _not_blank(self, letter: str) -> None:
        if letter == "\\":
            self._backslash()
        elif letter in "'\"`$":
            self._word_begins()
            self._quote(letter)
        elif letter in ";&|()<>":
            self._operator(letter)
        else:
            self._word()

    def _word(self) -> None:
        match = _WORD.match(self.text, self.at, self._limit())
        end = match.end() if match else self.at + 1
        word = self.text[self.at : end]
        was_command = self.word_start and self.command_next
        self._word_begins()
        if was_command:
            self._keyword(word)
        self._mark(end, self._here())

    def _keyword(self, word: str) -> None:
        if word in _OPENING:
            self.keywords.append(word)
            self.cases += word == "case"
        elif word in _CLOSING and self.keywords:
            self.cases -= self.keywords.pop() == "case"
        if word in _BEFORE_COMMAND or "=" in word[1:]:
            # After an assignment the command is still to come.
            self.command_next = True

    def _backslash(self) -> None:
        if self.text.startswith("\\\n", self.at):
            self._mark(self.at + 2, self._here())
            self.continues = self.at >= len(self.text)
            return
        self._word_begins()
        self._mark(min(self.at + 2, len(self.text)), self._here())

    def _newline(self) -> None:
        done = not (self.stack or self.keywords or self.continues)
        here = self.at
        self._mark(self.at + 1, self._here())
        self._heredocs()
        self.word_start = self.command_next = True
        if done:
            self.ends.append(max(here, self.at - 1))

    def _comment(self) -> None:
        end = self.text.find("\n", self.at)
        # A comment holds no placeholder for the shell, so it is passed whole.
        self._mark(end if end >= 0 else len(self.text), Context.COMMENT)

    def _operator(self, letter: str) -> None:
        heredoc = _HEREDOC.match(self.text, self.at) if letter == "<" else None
        if heredoc and not self.text.startswith("<<<", self.at):
            self._open_heredoc(heredoc)
        elif self.text.startswith("<<<", self.at):
            self._mark(self.at + 3, self._here())
        elif letter == "(":
            self._open_paren()
        elif letter == ")":
            self._close_paren()
        else:
            self._separator(letter)
        self.word_start = True

    def _separator(self, letter: str) -> None:
        redirects = letter in "<>" or self.text[self.at : self.at + 2] == "&>"
        joins = redirects or (letter == "&" and self.at > 0 and self.text[self.at - 1] in "<>")
        if not joins:
            self.command_next = True
            previous = self.text[self.at - 1] if self.at else ""
            self.continues = letter == "|" or (letter == "&" and previous == "&")
        self._mark(self.at + 1, self._here())

    def _open_paren(self) -> None:
        self._push(")", self._here())
        self._mark(self.at + 1, self._here())
        self.command_next = True
        self.continues = False

    def _close_paren(self) -> None:
        self._mark(self.at + 1, self._here())
        if self._top().by in (")", "$)"):
            self.command_next = self.stack.pop().by == ")"
        elif self.cases:
            self.command_next = True
        else:
            self.broken = True

    # Quotes and expansions: what changes how the shell sees the characters inside.

    def _quote(self, letter: str) -> None:
        if letter == "'":
            self._to_closing("'", Context.SINGLE)
        elif letter == '"':
            self._mark(self.at + 1, self._here())
            self._push('"', Context.DOUBLE)
        elif letter == "`":
            self._backtick()
        else:
            self._dollar()

    def _to_closing(self, quote: str, context: Context) -> None:
        end = self.text.find(quote, self.at + 1)
        self.broken = self.broken or end < 0
        self._mark(end + 1 if end >= 0 else len(self.text), context)

    def _backtick(self) -> None:
        self._mark(self.at + 1, Context.BACKTICK)
        if self.backticks:
            while self.stack.pop().by != "`":
                self.broken = True
        else:
            self._push("`", Context.BACKTICK)
            self.word_start = self.command_next = True
        self.backticks = not self.backticks

    def _dollar(self) -> None:
        if self.text.startswith("$((", self.at):
            self._open(Context.ARITHMETIC, 3)
        elif self.text.startswith("$(", self.at):
            self._mark(self.at + 2, self._here())
            self._push("$)", Context.PLAIN)
            self.command_next = self.word_start = True
        elif self.text.startswith("${", self.at):
            self._open(Context.PARAMETER, 2)
        elif self.text.startswith("$'", self.at) and self._here() is not Context.DOUBLE:
            self._ansi_c()
        else:
            self._mark(self.at + 1, self._here())

    def _open(self, context: Context, width: int) -> None:
        self._push("", context)
        self._mark(self.at + width, context)

    def _ansi_c(self) -> None:
        end = self.at + 2
        while end < len(self.text) and self.text[end] != "'":
            end += 2 if self.text[end] == "\\" else 1
        self.broken = self.broken or end >= len(self.text)
        self._mark(min(end + 1, len(self.text)), Context.ANSI_C)

    def _double(self) -> None:
        letter = self.text[self.at]
        if letter == '"':
            self.stack.pop()
            self._mark(self.at + 1, self._here())
        elif letter == "\\":
            self._mark(min(self.at + 2, len(self.text)), Context.DOUBLE)
        elif letter in "`$":
            self._quote(letter)
        else:
            match = _DOUBLE_RUN.match(self.text, self.at, self._limit())
            self._mark(match.end() if match else self.at + 1, Context.DOUBLE)

    def _braced(self, context: Context) -> None:
        letter = self.text[self.at]
        closer = "}" if context is Context.PARAMETER else "))"
        if self.text.startswith(closer, self.at):
            self._mark(self.at + len(closer), context)
            self.stack.pop()
        elif letter in "'\"" and context is Context.PARAMETER:
            self._to_closing(letter, context)
        elif letter == "$":
            self._quote(letter)
        else:
            self._mark(min(self.at + (2 if letter == "\\" else 1), len(self.text)), context)

    # Here-documents.

    def _open_heredoc(self, match: re.Match[str]) -> None:
        word = match[2] or match[3] or match[5]
        quoted = bool(match[2] or match[3] or match[4])
        self.pending.append(_Heredoc(word, quoted, tabs=match[1] == "-"))
        self._mark(match.end(), self._here())

    def _heredocs(self) -> None:
        while self.pending and self.at <= len(self.text):
            heredoc = self.pending[0]
            context = Context.QUOTED_HEREDOC if heredoc.quoted else Context.HEREDOC
            end = self._end_of(heredoc)
            if end < 0:
                self._mark(len(self.text), context)
                return
            self._mark(end, context)
            self.pending.pop(0)

    def _end_of(self, heredoc: _Heredoc) -> int:
        """Just behind the terminator line, or -1 when it never comes."""
        start = self.at
        while start < len(self.text):
            end = self.text.find("\n", start)
            end = end if end >= 0 else len(self.text)
            line = self.text[start:end].rstrip("\r")
            if (line.lstrip("\t") if heredoc.tabs else line) == heredoc.word:
                return min(end + 1, len(self.text))
            start = end + 1
        return -1

    # The moves that every kind of text makes.

    def _mark(self, end: int, context: Context) -> None:
        """The characters up to `end` are of this context."""
        nested = self._top().nested
        last = self.segments[-1] if self.segments else None
        if last and last.context is context and last.nested == nested and last.end == self.at:
            self.segments[-1] = Segment(last.start, end, context, nested)
        else:
            self.segments.append(Segment(self.at, end, context, nested))
        self.at = end

    def _top(self) -> _Open:
        return self.stack[-1] if self.stack else _GROUND

    def _here(self) -> Context:
        return self._top().context

    def _push(self, by: str, context: Context) -> None:
        top = self._top()
        nested = top.nested or top.context is Context.DOUBLE
        self.stack.append(_Open(by, context, nested))

    def _skip_opaque(self) -> bool:
        while self.next_opaque < len(self.opaque) and self.opaque[self.next_opaque][1] <= self.at:
            self.next_opaque += 1
        if self.next_opaque == len(self.opaque) or self.opaque[self.next_opaque][0] > self.at:
            return False
        self._word_begins()
        self._mark(self.opaque[self.next_opaque][1], self._here())
        return True

    def _limit(self) -> int:
        """Where the next opaque span begins, or the end."""
        if self.next_opaque < len(self.opaque):
            return max(self.at + 1, self.opaque[self.next_opaque][0])
        return len(self.text)

    def _word_begins(self) -> None:
        if self.word_start and self.command_next and self._here() in _COMMANDS:
            self.heads.append(self.at)
        if self.word_start:
            self.command_next = False
        self.word_start = self.continues = False
