"""What axe finds wrong with the page that a browser shows."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# What passed would be megabytes on their way through the browser's protocol.
_RUN = """axe.run({resultTypes: ["violations"]}).then(({violations}) => violations)"""


def violations(page: Page) -> list[str]:
    """A sentence for each element that breaks a rule; [] for none."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{rule['id']} at {node['target']}: {node['failureSummary']}"
        for rule in page.evaluate(_RUN)
        for node in rule["nodes"]
    ]
