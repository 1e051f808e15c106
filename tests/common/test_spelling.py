"""Misspelled names lead to the one that was meant, and to nothing where none is near."""

from __future__ import annotations

import pytest

from rollback_console.common.spelling import did_you_mean, nearest_name

KNOWN = ("app-1", "app-2", "database", "rolling", "without")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("app-l", "app-1"), ("roling", "rolling"), ("wihtout", "without"), ("Database", "database")],
)
def test_a_misspelled_name_leads_to_the_nearest_one(written: str, meant: str) -> None:
    assert nearest_name(written, KNOWN) == meant
    assert did_you_mean(written, KNOWN) == f" Did you mean “{meant}”?"


def test_a_name_like_no_other_leads_nowhere() -> None:
    assert nearest_name("linenums", KNOWN) == ""
    assert did_you_mean("linenums", KNOWN) == ""
