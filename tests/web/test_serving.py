"""Static files through ASGI, as gunicorn's workers serve them."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import AsyncClient


async def test_a_style_sheet_comes_whole_with_its_kind_and_length() -> None:
    answer = await AsyncClient().get("/static/css/console.css")
    assert answer.content == Path(str(finders.find("css/console.css"))).read_bytes()
    assert answer.headers["Content-Type"] == 'text/css; charset="utf-8"'
    assert answer.headers["Content-Length"] == str(len(answer.content))


async def test_what_a_browser_has_already_is_not_sent_again() -> None:
    first = await AsyncClient().get("/static/css/console.css")
    since = first.headers["Last-Modified"]
    again = await AsyncClient().get("/static/css/console.css", headers={"If-Modified-Since": since})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_head_tells_the_length_alone() -> None:
    answer = await AsyncClient().head("/static/css/console.css")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
