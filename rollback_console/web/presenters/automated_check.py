"""A check that answers itself, as who approves it reads it: all that it does and asks for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from rollback_console.documents.shell.hidden_characters import show_hidden
from rollback_console.engine.snapshot import CheckSpec


def describe_place(check: CheckSpec) -> str:
    """Where it looks: `on app-1, as deploy, in /srv`; "" for what people answer."""
    parts = (
        gettext("on {hosts}").format(hosts=", ".join(check.hosts)) if check.hosts else "",
        gettext("as {user}").format(user=check.user) if check.user else "",
        gettext("in {folder}").format(folder=check.cwd) if check.cwd else "",
    )
    return show_hidden(", ".join(filter(None, parts)))


def describe_conditions(check: CheckSpec) -> str:
    """When it holds: `status 200; must hold “1.4”`."""
    return show_hidden("; ".join(_conditions(check)))


def _conditions(check: CheckSpec) -> Iterator[str]:
    if check.look == "http":
        yield f"status {check.status}" if check.status else gettext("status below 400")
    if check.look == "command":
        yield gettext("exit code 0")
    if check.holds:
        yield gettext("must hold “{text}”").format(text=check.holds)
    if check.without:
        texts = gettext(" or ").join(f"“{each}”" for each in check.without)
        yield gettext("must not hold {texts}").format(texts=texts)
    if check.at_least is not None:
        yield gettext("its first number at least {number}").format(number=check.at_least)
    if check.at_most is not None:
        yield gettext("its first number at most {number}").format(number=check.at_most)
