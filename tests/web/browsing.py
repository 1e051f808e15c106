"""A real browser on a running console: four ways to look at a page, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page

from tests import make
from tests.toolbox.accessibility import violations
from tests.toolbox.contexts import Contexts

Scheme = Literal["light", "dark"]
MODES: list[tuple[Scheme, int, int]] = [
    ("light", 1440, 900),
    ("dark", 1440, 900),
    ("light", 390, 844),
    ("dark", 390, 844),
]
JUDGED = {("light", 1440), ("dark", 390)}
"""Each colour and each width is judged once: axe takes longer than everything else."""


PICTURES = os.environ.get("PICTURES", "")
"""A folder for pictures of every page in every mode; nobody draws them otherwise."""


@dataclass
class Eyes:
    """Looks at pages of the console at `base`."""

    contexts: Contexts
    base: str
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(
        self,
        user: User | None,
        *,
        scheme: Scheme = "light",
        width: int = 1440,
        script: bool = True,
    ) -> Iterator[Page]:
        """A page in which `user` is signed in; what its console complains about is kept."""
        options = {
            "java_script_enabled": script,
            "reduced_motion": "reduce",
            "base_url": self.base,
        }
        with self.contexts.context(**options) as context:
            context.set_default_timeout(60_000)
            _sign_in(context, self.base, user)
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
            page.emulate_media(color_scheme=scheme)
            page.on("console", lambda each: self._hear(each.type, each.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            yield page

    def faults(
        self, pages: Mapping[str, tuple[User | None, str]], how: str = "password"
    ) -> dict[str, list[str]]:
        """What is wrong with pages in light and dark, wide and narrow; {} for nothing.

        `pages` are addresses by name, each with who is signed in there and looks.
        """
        with self.page(None) as page:
            faults = {name: self._look(page, name, *pages[name], how) for name in pages}
        return {name: each for name, each in faults.items() if each}

    def _look(self, page: Page, name: str, user: User | None, address: str, how: str) -> list[str]:
        self.complaints.clear()
        _sign_in(page.context, self.base, user, how)
        page.goto(address)
        faults: list[str] = []
        for scheme, width, height in MODES:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            if PICTURES:
                picture = Path(PICTURES, f"{name}-{scheme}-{width}.png")
                page.screenshot(path=picture, full_page=True)
            faults += [f"{scheme} {width}: {each}" for each in _too_wide(page, width)]
            if (scheme, width) == ("dark", 390):
                faults += [f"{width}: {each}" for each in page.evaluate(_SMALL_TARGETS)]
            if (scheme, width) in JUDGED:
                faults += [f"{scheme} {width}: {each}" for each in violations(page)]
        return faults + self.complaints

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "status of 4" not in text:
            self.complaints.append(text)


def _sign_in(context: BrowserContext, base: str, user: User | None, how: str = "password") -> None:
    """Whoever was signed in is not any more."""
    context.clear_cookies()
    if user is None:
        return
    client = make.signed_in(user, how=how)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])


def _too_wide(page: Page, width: int) -> Iterator[str]:
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        yield f"the page is {wide} px wide"


# Links within a sentence are as high as its line (WCAG 2.5.8); boxes are pressed by their label.
_SMALL_TARGETS = """() => [...document.querySelectorAll(
  "button, .btn, summary, select, textarea, nav a, .foot a, "
  + "input:not([type=hidden], [type=checkbox], [type=radio])")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true })
    && !each.closest(".seen-by-readers, .skip"))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1 && box.height < 43.5)
  .map(([each, box]) => `${each.className} "${each.textContent.trim().slice(0, 20)}"`
    + ` is ${box.height.toFixed(0)} px high`)
"""
