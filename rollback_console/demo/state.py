"""What the demo host remembers between two starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .layout import Layout


@dataclass(frozen=True, slots=True)
class State:
    """Ports on 127.0.0.1, and the account's name."""

    ssh_port: int
    service_port: int
    username: str

    @property
    def service_url(self) -> str:
        return f"http://127.0.0.1:{self.service_port}/"

    @classmethod
    def load(cls, layout: Layout) -> State | None:
        """What was saved, or None before the host was built whole."""
        if not layout.state.exists():
            return None
        return cls(**json.loads(layout.state.read_text()))

    def save(self, layout: Layout) -> None:
        """Keep it, all or nothing."""
        write(layout.state, asdict(self))


def write(path: Path, facts: object) -> None:
    """Write JSON that only its owner may read, all or nothing."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(facts, indent=2) + "\n")
    new.replace(path)
