"""A row of the table: what each did, round by round, and whether our targets hold."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

HEAD = """| work | who | figure | ours / theirs | target | holds |
|---|---|---|---|---|---|"""
OURS = "ours"


@dataclass(frozen=True, slots=True)
class SpeedTarget:
    """A bound on our figure, or on ours / theirs where a peer is named."""

    bound: float
    peer: str = ""
    at_least: bool = False

    def is_met_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        return f"{word} {self.bound:g}{'x' if self.peer else ''}"


@dataclass
class SpeedRow:
    """One kind of work; `rounds` holds what each took, in `unit`, a figure a round."""

    name: str
    unit: str
    targets: tuple[SpeedTarget, ...] = ()
    rounds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, who: str, figure: float) -> None:
        self.rounds.setdefault(who, []).append(figure)

    def figure(self, who: str) -> float:
        """The median of its rounds."""
        return statistics.median(self.rounds[who])

    def verdict(self, target: SpeedTarget) -> str:
        """`yes`; `no` where the better quarter of the rounds misses it too; else `within noise`."""
        if not target.peer:
            value, tries = self.figure(OURS), self.rounds[OURS]
        else:
            value = self.figure(OURS) / self.figure(target.peer)
            pairs = zip(self.rounds[OURS], self.rounds[target.peer], strict=False)
            tries = [ours / theirs for ours, theirs in pairs]
        if target.is_met_by(value):
            return "yes"
        return "within noise" if target.is_met_by(_better_quarter(tries, target)) else "no"

    def missed(self) -> Iterator[str]:
        """A sentence for each target that is missed by more than the noise of the rounds."""
        for target in self.targets:
            if target.peer in ("", *self.rounds) and self.verdict(target) == "no":
                beside = f" of {target.peer}" if target.peer else f" {self.unit}"
                yield f"{self.name}: not {target}{beside}."

    def lines(self) -> list[str]:
        """For the table."""
        return [self._line(who) for who in self.rounds]

    def _line(self, who: str) -> str:
        peer = "" if who == OURS else who
        ratio = (
            f"{self.figure(OURS) / self.figure(who):.2f}x" if peer and OURS in self.rounds else ""
        )
        mine = [target for target in self.targets if target.peer == peer]
        cells = [
            *(self.name, who, f"{self.figure(who):.2f} {self.unit}".strip(), ratio),
            *("; ".join(map(str, mine)), "; ".join(map(self.verdict, mine))),
        ]
        return f"| {' | '.join(cells)} |"


def _better_quarter(tries: list[float], target: SpeedTarget) -> float:
    if len(tries) < 2:
        return tries[0]
    quarters = statistics.quantiles(tries, n=4, method="inclusive")
    return quarters[2] if target.at_least else quarters[0]


def interleave(
    row: SpeedRow,
    works: Mapping[str, Callable[[], object]],
    rounds: Mapping[str, int],
    scale: float = 1,
) -> None:
    """Time all of `works` in turn, round by round, some for fewer rounds; seconds times `scale`.

    A work that prepares something first returns the seconds that count.
    """
    for number in range(max(rounds.get(name, 3) for name in works)):
        for name, work in works.items():
            if number < rounds.get(name, 3):
                began = time.perf_counter()
                seconds = work()
                if not isinstance(seconds, float):
                    seconds = time.perf_counter() - began
                row.add(name, seconds * scale)
