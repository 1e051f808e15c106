"""Signing in, and reading a page as a person would."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation
from pytest_django.live_server_helper import LiveServer

from rollback_console.rollbacks.models import Rollback
from tests import make

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.toolbox.contexts import Contexts

    from .browsing import Eyes

SEED = (Path(__file__).parents[1] / "documents" / "seed.md").read_text()
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever language the last page was asked for in."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session", autouse=True)
def collected() -> None:
    """The folder of collected files is there, as after an installation."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def signed_in() -> SignIn:
    """A browser without JavaScript in which that person signed in just now."""
    return make.signed_in


@pytest.fixture(scope="module")
def contexts(chromium: Browser, live_server: LiveServer) -> Contexts:
    from tests.toolbox.contexts import Contexts

    return Contexts(chromium, live_server.url)


@pytest.fixture
def eyes(contexts: Contexts, live_server: LiveServer) -> Eyes:
    from .browsing import Eyes

    return Eyes(contexts, live_server.url)


@pytest.fixture
def pending(stage: make.Stage) -> Rollback:
    """What dana asked for and nobody decided yet."""
    return make.requested(stage)


def words(response: object) -> str:
    """A page's text on one line: no tags, no runs of white space."""
    body = getattr(response, "content").decode()  # noqa: B009
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", body, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
