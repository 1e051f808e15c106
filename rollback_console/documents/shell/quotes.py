"""Quotes and expansions: what changes how the shell sees the characters inside."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .scanner_state import Context, State

_DOUBLE_RUN = re.compile(r"[^\\\"`$]+")


@dataclass(slots=True)
class Quotes(State):
    """A state that can step over quotes."""

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
            found = _DOUBLE_RUN.match(self.text, self.at, self._limit())
            self._mark(found.end() if found else self.at + 1, Context.DOUBLE)

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
