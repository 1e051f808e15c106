"""Services that the demo host supervises, as a system's service manager would."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .layout import Layout
from .state import write


@dataclass(frozen=True, slots=True)
class Unit:
    """What to run in `folder`, the port it serves, and whether it should run."""

    name: str
    argv: list[str]
    folder: str
    port: int
    wanted: bool

    def save(self, layout: Layout) -> None:
        """Keep it for the next start of the host."""
        path = _path(layout, self.name)
        path.parent.mkdir(exist_ok=True)
        write(path, asdict(self))

    def to_be(self, wanted: bool) -> Unit:
        return replace(self, wanted=wanted)


def load_all(layout: Layout) -> list[Unit]:
    """Every unit there is, by name."""
    return [Unit(**json.loads(path.read_text())) for path in sorted(_folder(layout).glob("*.json"))]


def _path(layout: Layout, name: str) -> Path:
    return _folder(layout) / f"{name}.json"


def _folder(layout: Layout) -> Path:
    return layout.folder / "units"
