"""One reading of shell text: which characters are quoted how, and where commands end.

A single pass over POSIX shell (and what bash adds to its quoting) with a stack of what is
open. It executes nothing and understands no command. Spans given as `opaque` (placeholders)
are letters of a word, whatever is written in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .quotes import Quotes
from .scanner_state import HEREDOC, Context, Scan, Segment, Span

__all__ = ["Context", "Scan", "Segment", "Span", "scan"]


def scan(text: str, opaque: Sequence[Span] = ()) -> Scan:
    """Read `text` once. Never raises; what never closes is reported as not complete."""
    return _Scanner(text, opaque).run()


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
class _Scanner(Quotes):
    """Reads what stands where commands stand."""

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
        found = _LINE.match(self.text, self.at)
        if found is None or found[1] in _WORDS:
            return False
        self.heads.append(self.at)
        self._mark(found.end(), Context.PLAIN)
        if found[2]:
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
            found = _BLANKS.match(self.text, self.at)
            self._mark(found.end() if found else self.at + 1, self._here())
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
        found = _WORD.match(self.text, self.at, self._limit())
        end = found.end() if found else self.at + 1
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
        heredoc = HEREDOC.match(self.text, self.at) if letter == "<" else None
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
