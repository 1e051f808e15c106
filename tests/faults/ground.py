"""What the commands of a plan leave behind on their host, for a test to count and compare."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

# Counts its start before anything else, and says everything twice: to the console and here.
STEP = """\
echo {position} >>{folder}/starts
( {body}
) 2>&1 | tee -a {folder}/said.{position}
echo {position} >>{folder}/ends
"""

LONG = "for i in 1 2 3 4 5 6 7 8; do seq ${i}000 ${i}999; sleep 0.1; done"
"""About a second of work that says 42 KB."""


class Ground:
    """A folder on the host. `go(n)` lets a step pass that `held(n)` is waiting in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def plan(self, *bodies: str, fences: dict[int, str] | None = None) -> str:
        """A plan whose steps do that; `fences` adds words to the fence of a position."""
        steps = [
            f"### Step {at}: Part {at}\n```bash {(fences or {}).get(at, '')}\n"
            f"bash {self.write(at, body)}\n```\n"
            for at, body in enumerate(bodies, start=1)
        ]
        return PLAN.format(title=f"Ground {self.folder.name}", steps="\n".join(steps))

    def write(self, position: int, body: str) -> Path:
        path = self.folder / f"step.{position}"
        text = STEP.format(position=position, folder=self.folder, body=body)
        path.write_text(f"set -o pipefail -e\n{text}")
        return path

    def held(self, position: int) -> str:
        """A body that waits, a few bytes said, until `go`."""
        return (
            f"seq 1 2000; until [ -e {self.folder}/go.{position} ]; do sleep 0.05; done; "
            "seq 2001 4000"
        )

    def go(self, position: int) -> None:
        (self.folder / f"go.{position}").touch()

    def starts(self) -> Counter[int]:
        """How often each step began."""
        return self._count("starts")

    def ends(self) -> Counter[int]:
        """How often each step came to its end."""
        return self._count("ends")

    def said(self, position: int) -> bytes:
        """Every byte a step wrote."""
        path = self.folder / f"said.{position}"
        return path.read_bytes() if path.exists() else b""

    def clear(self) -> None:
        """End what is still working here, and nobody whose process id was ours once."""
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if f"{self.folder}/".encode() in line.read_bytes():
                    os.kill(int(line.parent.name), signal.SIGKILL)

    def _count(self, name: str) -> Counter[int]:
        path = self.folder / name
        return (
            Counter(int(line) for line in path.read_text().split()) if path.exists() else Counter()
        )


PLAN = """\
# {title}

**Environment**: STAGING

## Rollback Decision
### When to Rollback
- Health checks failing

## Rollback Steps
{steps}
## Rollback Verification
### Critical Checks
- [ ] It works again
"""
