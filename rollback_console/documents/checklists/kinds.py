"""What kind of document of a deployment a text is, by its title."""

from __future__ import annotations

import re

from ..markdown.folded_text import fold_heading
from ..markdown.outline import Section

PRE, PLAN, POST, MONITORING, ROLLBACK = "pre", "plan", "post", "monitoring", "rollback"
TITLES = {
    PRE: "Pre-deployment checklist",
    PLAN: "Deployment plan",
    POST: "Post-deployment checklist",
    MONITORING: "Monitoring plan",
}
"""What is read as a list, in the order of a deployment; a rollback plan is read as a plan."""

_DEPLOY = r"(?:deploy\w*|releas\w*|roll-?out|go-?live|launch|despliegue)"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (PRE, rf"\bpre[- ]?{_DEPLOY}|\bbefore (?:the |each |every )?{_DEPLOY}|\breadiness checklist"
              rf"|go ?[/-] ?no-?go|previ[ao] al despliegue|pre-?despliegue"),
        (POST, rf"\bpost[- ]?{_DEPLOY}|\bafter (?:the |each |every )?{_DEPLOY}"
               rf"|\bverification (?:checklist|after)|posterior al despliegue|post-?despliegue"),
        (MONITORING, r"\bmonitor\w*|\bobservability|\bwatch plan"),
        (ROLLBACK, r"\broll(?:ing)?[ -]?back\b|\bback ?out\b|\breversion\b|\brevert\b"),
        (PLAN, rf"\b{_DEPLOY} (?:plan|checklist|runbook|guide|procedure)|\bplan de {_DEPLOY}"),
    )
)  # fmt: skip


def kind_of(root: Section) -> str:
    """PRE, PLAN, POST, MONITORING or ROLLBACK; "" where the title does not tell."""
    title = fold_heading(title_of(root))
    return next((kind for kind, pattern in _KINDS if pattern.search(title)), "")


def title_of(root: Section) -> str:
    """The first heading of the document; "" without one."""
    return next((section.title for section in root.walk() if section.title), "")
