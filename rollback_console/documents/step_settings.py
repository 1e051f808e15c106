"""What a machine needs to know of a step, as its author or a fence says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What a machine needs to know, from the fence's info string or the front matter.

    `timeout` is seconds, `rolling` hosts at a time, `retry` extra attempts, `undo` the `id`
    of another step, `expect` text the output must hold. `canary`: one host first, then a
    person is asked. Empty or None: not said yet.
    """

    id: str = ""
    hosts: str = ""
    cwd: str = ""
    timeout: int | None = None
    user: str = ""
    on_failure: str = ""
    rolling: int | None = None
    retry: int | None = None
    gate: bool = False
    idempotent: bool = False
    canary: bool = False
    expect: str = ""
    undo: str = ""


NOTHING_SAID = StepSettings()
