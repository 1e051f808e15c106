"""Steps that undo others: which of them run in their turn too, and which cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rollback_console.documents.model import Finding, Severity, Step

from ..markdown.folded_text import fold
from ..placeholders.collect import commands_of

# What takes a service away for a while, and what gives it back: without the second it stays away.
_AWAY = re.compile(
    r"\b(?:stop\w*|halt|pause\w*|suspend\w*|disable\w*|drain\w*|cordon|quiesce|freeze|lock|mask|down"
    r"|maintenance[ _:-]?(?:on|mode|start)|quiet|detener|parar|pausar|arreter|suspendre|anhalten"
    r"|stoppen|sperren)\b|停止|暂停|ايقاف"
)
_BACK = re.compile(
    r"\b(?:start\w*|restart\w*|resume\w*|unpause|enable\w*|undrain|uncordon|unquiesce|unfreeze"
    r"|unlock|unmask|up|maintenance[ _:-]?(?:off|end)|reload|iniciar|arrancar|reanudar|demarrer"
    r"|relancer|reprendre|starten|fortsetzen|entsperren)\b|启动|恢复服务|تشغيل"
)
ROLES = frozenset({"undo", "both"})


def runs_in_turn(step: Step, undone: Step) -> bool:
    """Whether `step`, which undoes `undone`, also runs in its own place.

    Its fence says so (`role=both`, or `role=undo` for the contrary). Otherwise it does when
    others need it: it gives back what the other takes away, such as a service that was stopped,
    or can itself be undone.
    """
    if step.settings.role in ROLES:
        return step.settings.role == "both"
    if step.settings.undo:
        return True
    away, back = _text(undone), _text(step)
    return bool(_AWAY.search(away) and _BACK.search(back))


def undo_findings(steps: Sequence[Step]) -> Iterator[Finding]:
    """Undos of one procedure that cannot be meant."""
    for step in steps:
        if why := undo_problem(step, steps):
            line = step.fence or step.lines[0]
            yield Finding(Severity.ERROR, "undo-itself", line, why, step.key)


def undo_problem(step: Step, steps: Sequence[Step]) -> str:
    """Why what a step names as its undo cannot be meant, as a sentence; "" when it can."""
    name = step.settings.undo
    if not name:
        return ""
    if name == step.settings.id:
        return f"undo={name} names the step itself: name the step that undoes it."
    if sum(each.settings.id == name for each in steps) > 1:
        return f"undo={name} could be any of several steps: give each an id of its own."
    return ""


def _text(step: Step) -> str:
    return fold(" ".join([step.title, *(command.text for command in commands_of(step))]))
