"""Services that the demo host supervises, as a system's service manager would."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..layout import Layout
from ..state import write


@dataclass(frozen=True, slots=True)
class Unit:
    """What to run in `folder`, the port it serves, and whether it should run."""

    name: str
    argv: list[str]
    folder: str
    port: int
    enabled: bool

    def save(self, layout: Layout) -> None:
        """Keep it for the next start of the host."""
        path = _path(layout, self.name)
        path.parent.mkdir(exist_ok=True)
        write(path, asdict(self))

    def with_enabled(self, enabled: bool) -> Unit:
        return replace(self, enabled=enabled)


def load_all(layout: Layout) -> list[Unit]:
    """Every unit there is, by name."""
    return [_load(path) for path in sorted(_folder(layout).glob("*.json"))]


def _load(path: Path) -> Unit:
    fields = json.loads(path.read_text())
    if "wanted" in fields:  # as hosts that were built before wrote it
        fields["enabled"] = fields.pop("wanted")
    return Unit(**fields)


def _path(layout: Layout, name: str) -> Path:
    return _folder(layout) / f"{name}.json"


def _folder(layout: Layout) -> Path:
    return layout.folder / "units"
