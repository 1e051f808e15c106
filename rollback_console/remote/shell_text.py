"""Shell text that the console writes in several places."""

from __future__ import annotations

import re
import shlex

ACCOUNT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.@\\+-]*\$?")
"""Names of accounts, those of a domain included: deploy@corp.example, CORP\\deploy."""

AS_A_STEP = (
    "if command -v bash >/dev/null 2>&1; then set -- bash --norc -eu -o pipefail -c; "
    "else set -- sh -eu -c; fi; "
)
"""Shell text after which "$@" and a text run the text in the shell that a step would have."""

CANNOT_ENTER = 90
"""Exit code of a question whose folder cannot be entered."""


_FROM_HOME = 'case ${1-} in "~" | "~/"*) folder=$HOME/${1#"~"} ;; *) folder=${1:-.} ;; esac; '


def folder_word(folder: str) -> str:
    """A folder as one word of shell text: `~` is the account's home, and so is the start of a
    folder without a slash in front."""
    if folder.startswith("/"):
        return shlex.quote(folder)
    rest = folder.removeprefix("~/") if folder != "~" else ""
    return '"${HOME:-/}"' + (f"/{shlex.quote(rest)}" if rest else "")


def enter_folder(folder: str = "", *, otherwise: str = "", loud: bool = False) -> str:
    """Shell text that changes into `folder`, which is shell text too, or does `otherwise`.

    By default the folder is the first argument, where `~` is the account's home, and the shell
    leaves with CANNOT_ENTER. `loud` lets the shell say why it cannot.
    """
    before, folder = ("", folder) if folder else (_FROM_HOME, '"$folder"')
    hush = "" if loud else " 2>/dev/null"
    return f"{before}cd -- {folder}{hush} || {otherwise or f'exit {CANNOT_ENTER}'}; "
