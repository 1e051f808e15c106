"""Would this work right now? Asks the hosts, and keeps what they said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from rollback_console.engine.snapshot import Snapshot
from rollback_console.remote import ssh
from rollback_console.remote.base import HostAddress, Remote
from rollback_console.remote.errors import RemoteError

from .errors import HostRefused
from .models import ProbeResult, Revision
from .probes import Probe, Reading, Verdict, probes, reading
from .reach import reach
from .reading import document

STALE = timedelta(hours=1)
"""Results older than this say little about now."""

_AT_ONCE = 16

Answered = tuple[Probe, Reading]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The last results for one snapshot: `at` is the oldest of them, None without any."""

    results: tuple[ProbeResult, ...]
    at: datetime | None

    @property
    def red(self) -> tuple[ProbeResult, ...]:
        """What would not work."""
        return tuple(each for each in self.results if each.verdict == Verdict.NOT_READY)

    @property
    def word(self) -> str:
        """`ready`, `not ready`, or `not asked`."""
        if not self.results:
            return "not asked"
        return "not ready" if self.red else "ready"


def check(
    revision: Revision,
    snapshot: Snapshot,
    connect: Callable[[HostAddress], Remote] = ssh.connect,
) -> Readiness:
    """Ask every host of the snapshot, at most 16 at once, and keep the answers.

    A host that cannot be reached or proven is a red result, not an error.
    """
    kinds = {each.name: str(each.kind) for each in document(revision).placeholders}
    asked: dict[str, list[Probe]] = {host.name: [] for host in snapshot.hosts}
    for probe in probes(snapshot, kinds):
        asked[probe.host].append(probe)
    addresses = {name: _address(snapshot, name) for name in asked}
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = pool.map(lambda name: _ask(name, addresses[name], asked[name], connect), asked)
        return _keep(revision, snapshot, [each for host in answers for each in host])


def latest(revision: Revision, snapshot_sha256: str) -> Readiness:
    """What was last heard about this snapshot."""
    rows = tuple(revision.probe_results.filter(snapshot_sha256=snapshot_sha256))
    return Readiness(rows, min((row.at for row in rows), default=None))


def of_revision(revision: Revision) -> Readiness:
    """What was last heard for any rollback of this revision."""
    newest = revision.probe_results.order_by("-at").first()
    return latest(revision, newest.snapshot_sha256) if newest else Readiness((), None)


def _address(snapshot: Snapshot, name: str) -> HostAddress | str:
    try:
        return reach(snapshot.host(name))
    except HostRefused as error:
        return str(error)


def _ask(
    name: str,
    address: HostAddress | str,
    asked: list[Probe],
    connect: Callable[[HostAddress], Remote],
) -> list[Answered]:
    """In a thread of its own: no database here."""
    access = Probe(name, 0, "access", name, ())
    if isinstance(address, str):
        return [(access, Reading(Verdict.NOT_READY, address))]
    try:
        remote = connect(address)
    except RemoteError as error:
        return [(access, Reading(Verdict.NOT_READY, str(error)))]
    try:
        signed_in = (access, Reading(Verdict.READY, "Signed in; the host key is confirmed."))
        return [signed_in, *((probe, _one(remote, probe)) for probe in asked)]
    finally:
        remote.close()


def _one(remote: Remote, probe: Probe) -> Reading:
    try:
        return reading(probe, remote.ask(list(probe.argv)))
    except RemoteError as error:
        return Reading(Verdict.UNKNOWN, str(error))


@transaction.atomic
def _keep(revision: Revision, snapshot: Snapshot, answered: Iterable[Answered]) -> Readiness:
    revision.probe_results.filter(snapshot_sha256=snapshot.sha256).delete()
    ProbeResult.objects.bulk_create(
        ProbeResult(
            revision=revision,
            snapshot_sha256=snapshot.sha256,
            host=probe.host,
            position=probe.position,
            kind=probe.kind,
            subject=probe.subject[:500],
            verdict=said.verdict,
            detail=said.detail[:500],
            at=Now(),
        )
        for probe, said in answered
    )
    return latest(revision, snapshot.sha256)
