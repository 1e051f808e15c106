"""A real browser on a running console: four ways to look at a page, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page

from tests import make

Scheme = Literal["light", "dark"]
MODES: list[tuple[Scheme, int, int]] = [
    ("light", 1440, 900),
    ("dark", 1440, 900),
    ("light", 390, 844),
    ("dark", 390, 844),
]
JUDGED = {("light", 1440), ("dark", 390)}
"""Each colour and each width is judged once: axe takes longer than everything else."""


@dataclass
class Eyes:
    """Looks at pages of `base` as one person, and keeps pictures in `folder`."""

    browser: Browser
    base: str
    folder: Path
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(
        self,
        user: User | None,
        *,
        scheme: Scheme = "light",
        width: int = 1440,
        script: bool = True,
        how: str = "password",
    ) -> Iterator[Page]:
        """A page in which `user` is signed in; what its console complains about is kept."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900 if width > 500 else 844},
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",
            base_url=self.base,
        )
        context.set_default_timeout(60_000)
        if user is not None:
            _sign_in(context, self.base, user, how)
        page = context.new_page()
        page.on("console", lambda each: self._hear(each.type, each.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        yield page
        context.close()

    def look(self, name: str, address: str, user: User | None, how: str = "password") -> list[str]:
        """Everything wrong with a page in light and dark, wide and narrow; [] for nothing."""
        wrong: list[str] = []
        with self.page(user, how=how) as page:
            page.goto(address)
            for scheme, width, height in MODES:
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=self.folder / f"{name}-{scheme}-{width}.png", full_page=True)
                wrong += [f"{scheme} {width}: {each}" for each in _too_wide(page, width)]
                if (scheme, width) in JUDGED:
                    wrong += [f"{scheme} {width}: {each}" for each in _violations(page)]
        return wrong + self.complaints

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "status of 4" not in text:
            self.complaints.append(text)


def _sign_in(context: BrowserContext, base: str, user: User, how: str) -> None:
    client = make.signed_in(user, how=how)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])


def _violations(page: Page) -> Iterator[str]:
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            yield f"{violation['id']} at {node['target']}: {node['failureSummary']}"


def _too_wide(page: Page, width: int) -> Iterator[str]:
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        yield f"the page is {wide} px wide"
