"""Contexts of one Chromium that are used again, since a new one starts a process and reads every
script and style sheet anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext


class Contexts:
    """Gives contexts out and clears what was done in them; `address` is the console's."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._idle: defaultdict[str, list[BrowserContext]] = defaultdict(list)

    @contextmanager
    def context(self, **options: Any) -> Iterator[BrowserContext]:
        """One that nobody else has, as if it were new; one whose test fails is not used again."""
        idle = self._idle[repr(sorted(options.items()))]
        context = idle.pop() if idle else self._browser.new_context(**options)
        try:
            yield context
            self._clear(context)
        except BaseException:
            context.close()
            raise
        idle.append(context)

    def _clear(self, context: BrowserContext) -> None:
        """Close its pages and forget cookies, rights and storage; what was downloaded stays."""
        page, *others = context.pages or [context.new_page()]
        for other in others:
            other.close()
        everything = {"origin": self._address, "storageTypes": "all"}
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
        page.close()
        context.clear_cookies()
        context.clear_permissions()
