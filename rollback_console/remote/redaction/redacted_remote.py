"""A connection whose every answer, last word and error has the secrets masked.

The log of a run is masked where it is stored (`redact.Redactor`), because what begins in one
chunk may end in the next, on another connection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..errors import RemoteError
from ..protocol import Answer, Chunk, HostAddress, Outcome, Remote, RunRef, RunRequest, Started
from .redact import redact, redact_bytes


def redacted(
    connect: Callable[[HostAddress], Remote], secrets: Collection[str]
) -> Callable[[HostAddress], Remote]:
    """`connect`, with `secrets` masked in all that comes back, its errors too."""
    known = frozenset(secrets)

    def connect_redacted(address: HostAddress) -> Remote:
        with masking(known):
            return RedactedRemote(connect(address), known)

    return connect_redacted


@contextmanager
def masking(secrets: Collection[str]) -> Iterator[None]:
    """Mask the sentence of a RemoteError that is raised inside."""
    try:
        yield
    except RemoteError as error:
        error.args = tuple(redact(str(each), secrets) for each in error.args)
        raise error from None


def redact_outcome(outcome: Outcome, secrets: Collection[str]) -> Outcome:
    """The last word about an attempt with the secrets masked."""
    survivors = tuple(redact(each, secrets) for each in outcome.survivors)
    return replace(outcome, why=redact(outcome.why, secrets), survivors=survivors)


@dataclass(frozen=True)
class RedactedRemote:
    """Implements `protocol.Remote` by handing everything on."""

    remote: Remote
    secrets: frozenset[str]

    def follow(self, ref: RunRef, offset: int = 0) -> Iterator[Chunk | Outcome]:
        with masking(self.secrets):
            for item in self.remote.follow(ref, offset):
                yield self._masked(item) if isinstance(item, Outcome) else item

    def run(self, request: RunRequest, offset: int = 0) -> Iterator[Started | Chunk | Outcome]:
        with masking(self.secrets):
            for item in self.remote.run(request, offset):
                yield self._masked(item) if isinstance(item, Outcome) else item

    def veto(self, ref: RunRef) -> bool:
        with masking(self.secrets):
            return self.remote.veto(ref)

    def stop(self, ref: RunRef, grace: int = 10) -> Outcome:
        with masking(self.secrets):
            return self._masked(self.remote.stop(ref, grace))

    def acknowledge(self, *refs: RunRef) -> None:
        with masking(self.secrets):
            self.remote.acknowledge(*refs)

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        with masking(self.secrets):
            answer = self.remote.ask(argv, stdin, timeout)
        output, errors = (
            redact_bytes(each, self.secrets) for each in (answer.output, answer.errors)
        )
        return Answer(answer.exit_code, output, errors)

    def close(self) -> None:
        self.remote.close()

    def _masked(self, outcome: Outcome) -> Outcome:
        return redact_outcome(outcome, self.secrets)
