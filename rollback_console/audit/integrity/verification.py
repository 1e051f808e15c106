"""Whether the stream of the configuration, and the anchors of all streams, are as written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .. import kinds
from ..models import ConfigurationEvent, StreamAnchor
from ..record import body_of
from . import anchors, chain
from .daily_anchor import read_file, recorded_ends, unpack_numbers


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it was written: `what` follows the name of where it is.

    `seq` is the number of the first bad event; 0 where no single event is bad.
    """

    stream: str
    seq: int
    what: str

    @property
    def sentence(self) -> str:
        """For a person."""
        name = self.stream.replace(":", " ").capitalize()
        return f"{name}: event {self.seq} {self.what}." if self.seq else f"{name}: {self.what}."

    @property
    def rollback(self) -> int:
        """The number of the rollback; 0 for another stream."""
        kind, _, number = self.stream.partition(":")
        return int(number) if kind == "rollback" else 0


def configuration_flaws() -> Iterator[Flaw]:
    """What is wrong with the stream of the configuration: its first bad event, or its end."""
    hashes: dict[int, str] = {}
    for flaw in _chain_flaws(hashes):
        yield flaw
        return
    yield from anchor_flaws(anchors.CONFIGURATION, hashes)


def anchor_flaws(stream: str, hashes: dict[int, str]) -> Iterator[Flaw]:
    """What the anchor of a stream says of its events, given as {seq: hash}."""
    anchor = StreamAnchor.objects.filter(stream=stream).first()
    last = max(hashes, default=0)
    if anchor is None or not anchor.seal:
        if last:
            yield Flaw(stream, 0, "its anchor was removed, so its end cannot be verified")
        return
    if not anchors.is_intact(anchor):
        yield Flaw(stream, 0, "its anchor was changed, so its end cannot be verified")
    elif anchor.count > last:
        yield Flaw(stream, last + 1, f"is missing: the anchor names {anchor.count} events")
    elif hashes.get(anchor.count, "") != anchor.head or anchor.count != last:
        yield Flaw(stream, last, "is not the one that the anchor names")
    yield from _recorded_flaws(stream, hashes)


def removed_rollbacks(present: set[int]) -> Iterator[Flaw]:
    """Rollbacks that are on record, as anchors or in a daily event, and are not `present`."""
    named: set[int] = set()
    for event in ConfigurationEvent.objects.filter(kind=kinds.STREAMS_ANCHORED).iterator():
        named.update(unpack_numbers(str(event.facts.get("rollbacks", ""))))
    streams = StreamAnchor.objects.filter(stream__startswith="rollback:")
    named.update(int(name.split(":")[1]) for name in streams.values_list("stream", flat=True))
    for number in sorted(named - present):
        yield Flaw(f"rollback:{number}", 0, "it was removed, though it is on record")


def file_flaws() -> Iterator[Flaw]:
    """Whether AUDIT_ANCHOR_FILE can be read."""
    try:
        for _ in read_file():
            pass
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Flaw("anchor file", 0, f"it cannot be read to its end: {error}")


def _recorded_flaws(stream: str, hashes: dict[int, str]) -> Iterator[Flaw]:
    try:
        for end in recorded_ends():
            if end.stream == stream and hashes.get(end.count) != end.head:
                yield Flaw(stream, end.count, "is not the one that was put on record that day")
                return
    except (OSError, ValueError, KeyError, TypeError):
        return  # file_flaws names it


def _chain_flaws(hashes: dict[int, str]) -> Iterator[Flaw]:
    previous = ""
    for seq, event in enumerate(ConfigurationEvent.objects.order_by("seq").iterator(), start=1):
        if event.seq != seq:
            yield Flaw(anchors.CONFIGURATION, seq, "is missing")
            return
        # Nothing here was ever sealed without the key.
        sealed = event.version != chain.UNKEYED and chain.is_sealed(
            body_of(event), event.hash, version=event.version
        )
        if event.previous != previous or not sealed:
            yield Flaw(anchors.CONFIGURATION, seq, "was changed")
            return
        previous = hashes[seq] = event.hash
