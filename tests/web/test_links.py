"""Every page, reached as a person reaches it: by its links."""

from __future__ import annotations

import re

from django.test import Client

from rollback_console.plans.models import Secret
from rollback_console.rollbacks.actions import pins, requests
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SEED, SignIn

LINK = re.compile(r'(?<![\w-])href="(/[^"#]*|\?[^"#]*)(?:#[^"]*)?"')
INLINE = [
    re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    re.compile(r"<style", re.I),
    re.compile(r"<[^>]*\sstyle=", re.I),
    re.compile(r"<[^>]*\son[a-z]+=", re.I),
    re.compile(r"javascript:", re.I),
]
OUTSIDE = ("/static/", "/api/")


def test_every_link_leads_somewhere_and_no_page_needs_inline_code(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    make.plan(stage, SEED)
    Secret.objects.create(environment=stage.environment, name="TOKEN", value="swordfish")
    pins.pin(stage.service, version="v1", by=stage.cast.dana, reason="Slow")
    other = requests.open_request(
        pending.revision, by=stage.cast.dana, reason="Another", choices=pending.choices
    )
    requests.withdraw(other, by=stage.cast.dana)
    pages = crawl(signed_in(stage.cast.ada))
    assert len(pages) > 30
    for address, (status, body) in pages.items():
        assert status == 200, f"{address} answered {status}"
        for pattern in INLINE:
            assert not pattern.search(body), f"{address} holds inline code: {pattern.pattern}"


def test_every_answer_carries_the_strict_policy(signed_in: SignIn, stage: make.Stage) -> None:
    policy = signed_in(stage.cast.dana).get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def crawl(client: Client) -> dict[str, tuple[int, str]]:
    """Every page that links lead to from the first one, by its address."""
    links_seen: dict[str, tuple[int, str]] = {}
    waiting = ["/"]
    while waiting:
        address = waiting.pop()
        if address in links_seen or address.startswith(OUTSIDE):
            continue
        response = client.get(address, follow=True)
        body = response.content.decode(errors="replace")
        links_seen[address] = response.status_code, body
        here = address.split("?")[0]
        links = LINK.findall(body.replace("&amp;", "&"))
        waiting += [link if link.startswith("/") else here + link for link in links]
    return links_seen
