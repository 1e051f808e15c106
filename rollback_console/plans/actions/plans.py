"""Plans: importing, revising, binding, arranging and confirming them.

Every change is a new revision; an arrangement is a draft until it is confirmed. Only what people
acknowledge of the findings is kept beside a revision.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import RowChange, added, removed
from rollback_console.audit.record import record_change
from rollback_console.common.people import display_name
from rollback_console.common.text import text_problem
from rollback_console.documents.canonical import tidied
from rollback_console.documents.markdown.source import encode

from ..acknowledgement import ListedFinding, find_listed
from ..arrangement import arranged, draft_of, operations_of
from ..confirmation import CHANGE_PLAN
from ..document_cache import document, read_cached
from ..errors import PlanError
from ..models import Acknowledgement, ArrangementDraft, Environment, Plan, Revision, Service
from ..permission import permit
from ..snapshot.bindings import write_into_text
from .revisions import (
    canonical_text,
    confirm_as,
    mark_confirmed,
    refuse_outdated,
    take_over_arrangement,
    write_revision,
)

_BINDINGS = {"hosts", "steps", "on_host", "facts", "time_limit", "confirmed_characters"}
_LONGEST = 7 * 24 * 60


@transaction.atomic
def import_document(
    data: bytes,
    *,
    by: User,
    service: Service,
    environment: Environment,
    title: str = "",
    note: str = "",
) -> Revision:
    """Keep a document as a plan's first revision, or as the next one of the plan it belongs to.

    A plan is one title for one service in one environment. Raises UnreadablePlan.
    """
    place = Plan(service=service, environment=environment)
    permit(by, "plans.add_plan", "import plans there", over=place)
    name = (title or read_cached(data).title or f"Rollback of {service.name}")[:200]
    plan = _known(service, environment, name) or _new(service, environment, name)
    made = write_revision(plan, data, by=by, note=note or "Imported")
    return take_over_arrangement(made, by=by)


def _known(service: Service, environment: Environment, title: str) -> Plan | None:
    """The plan of that title, whatever its capitals and marks."""
    plain = slugify(title)
    for plan in Plan.objects.filter(service=service, environment=environment):
        if plan.title == title or (plain and slugify(plan.title) == plain):
            return plan
    return None


def _new(service: Service, environment: Environment, title: str) -> Plan:
    """Another plan's word in addresses is never taken: a number follows it."""
    word = slugify(f"{service.slug} {environment.slug} {title}")[:110].strip("-")
    for number in count(1):
        plan, made = Plan.objects.get_or_create(
            slug=word if number == 1 else f"{word}-{number}",
            defaults={"title": title, "service": service, "environment": environment},
        )
        if made:
            break
    return plan


@transaction.atomic
def revise(
    plan: Plan, data: bytes, *, by: User, note: str = "", drawn_from: str | None = None
) -> Revision:
    """A new revision with another text; bindings are carried over.

    Raises UnreadablePlan, and PlanError when the newest is no longer what `drawn_from` says.
    """
    permit(by, CHANGE_PLAN, "change this plan", over=plan)
    refuse_outdated(plan, drawn_from)
    return take_over_arrangement(write_revision(plan, _tidied(data), by=by, note=note), by=by)


def _tidied(data: bytes) -> bytes:
    """An edited canonical text as it belongs; bytes of any other encoding are none."""
    try:
        return tidied(data.decode()).encode()
    except UnicodeDecodeError:
        return data


@transaction.atomic
def bind_steps(
    revision: Revision, *, by: User, bindings: dict[str, Any], drawn_from: str | None = None
) -> Revision:
    """A new revision with the same text and these bindings (see Revision).

    Raises PlanError, also when the newest is no longer what `drawn_from` says.
    """
    permit(by, CHANGE_PLAN, "change this plan", over=revision.plan)
    refuse_outdated(revision.plan, drawn_from)
    if unknown := bindings.keys() - _BINDINGS:
        raise PlanError(f"These are no bindings: {', '.join(sorted(unknown))}.")
    limit = bindings.get("time_limit", 1)
    if not (isinstance(limit, int) and 1 <= limit <= _LONGEST):
        raise PlanError("The time limit for the whole is a number of minutes, at most a week.")
    latest = revision.plan.revisions.order_by("-number")[0]
    return write_revision(
        revision.plan, bytes(latest.source), by=by, note="Bound", bindings=bindings
    )


@transaction.atomic
def write_bindings(plan: Plan, *, by: User, drawn_from: str | None = None) -> Revision:
    """A new revision whose text says what people bound its steps to; those bindings are gone.

    Raises PlanError when nothing bound can be written on a fence, and when the newest is no longer
    what `drawn_from` says.
    """
    permit(by, CHANGE_PLAN, "change this plan", over=plan)
    refuse_outdated(plan, drawn_from)
    latest = plan.revisions.order_by("-number")[0]
    before = document(latest)
    text, bindings = write_into_text(before, latest.bindings)
    if text == before.source:
        raise PlanError(
            "Nothing bound here can be written into the text: no step with a fence of its own "
            "has hosts, a folder, an account or a time limit of its own."
        )
    data = encode(text, before.encoding)
    note = "Bindings written into the text"
    made = write_revision(plan, data, by=by, note=note, bindings=bindings)
    if latest.confirmed_at is not None:
        mark_confirmed(made, by=by, like=latest)
    return made


@transaction.atomic
def confirm_arrangement(
    revision: Revision, *, by: User, drawn_from: str | None = None, version: int | None = None
) -> Revision:
    """Stand for every step of the plan's newest revision: from now on it can be requested.

    What people arranged of it counts, as of `version` of the draft; None asks nothing.

    Returns the confirmed revision: this one when it is in canonical form already, else the next
    one, which is, with the author's text beside it. Raises PlanError, also while a question of
    the reading is open.
    """
    plan = revision.plan
    permit(by, CHANGE_PLAN, "confirm this plan", over=plan)
    refuse_outdated(plan, drawn_from)
    newest = plan.revisions.order_by("-number")[0]
    if newest.pk != revision.pk or newest.confirmed_at is not None:
        raise PlanError(
            f"Revision {newest.number} is the newest of this plan"
            + (" and is confirmed already." if newest.confirmed_at else ": confirm that one.")
        )
    draft = draft_of(newest)
    if version not in (None, draft.version):
        raise PlanError("Somebody changed this arrangement meanwhile. Read it again, then confirm.")
    operations = operations_of(draft)
    return confirm_as(newest, canonical_text(newest, operations), by=by, operations=operations)


@transaction.atomic
def acknowledge_finding(
    revision: Revision, *, by: User, finding: str, reason: str
) -> Acknowledgement:
    """Say of a finding, by its key, that it is known and why it may stay: shown to who approves.

    Raises PlanError for an error, which is corrected instead, and for what is acknowledged
    already.
    """
    permit(by, CHANGE_PLAN, "acknowledge findings of this plan", over=revision.plan)
    listed = _listed_finding(revision, finding)
    if not listed.may_stay:
        raise PlanError(f"This is an error. Correct it in the text: {listed.finding.message}")
    if problem := text_problem(reason):
        raise PlanError(f"Say why this may stay as it is. {problem}")
    row, is_new = Acknowledgement.objects.get_or_create(
        revision=revision,
        finding=listed.key,
        defaults={
            "code": listed.finding.code,
            "reason": reason.strip(),
            "by": by,
            "at": Now(),
        },
    )
    if not is_new:
        raise PlanError(f"{display_name(row.by)} acknowledged this already. Open the page again.")
    row.refresh_from_db()  # when it was, by the database's clock
    _record_finding(kinds.FINDING_ACKNOWLEDGED, listed, by, added(row), row)
    return row


@transaction.atomic
def withdraw_acknowledgement(revision: Revision, *, by: User, finding: str) -> None:
    """Take back that a finding of this revision was acknowledged. Raises PlanError."""
    permit(by, CHANGE_PLAN, "acknowledge findings of this plan", over=revision.plan)
    listed = _listed_finding(revision, finding)
    rows = Acknowledgement.objects.filter(revision=revision, finding=finding)
    row = rows.select_for_update().first()
    if row is None:
        raise PlanError("Nobody has acknowledged this finding. Open the page again.")
    _record_finding(kinds.ACKNOWLEDGEMENT_WITHDRAWN, listed, by, removed(row), row)
    row.delete()


def _listed_finding(revision: Revision, key: str) -> ListedFinding:
    listed = find_listed(revision, key)
    if listed is None:
        raise PlanError("This revision has no such finding. Open the page again.")
    return listed


def _record_finding(
    kind: str, listed: ListedFinding, by: User, change: RowChange, row: Acknowledgement
) -> None:
    record_change(
        kind,
        by=by,
        subject=row.revision.plan,
        rows=[change],
        revision=row.revision.number,
        code=row.code,
        finding=listed.finding.message,
        reason=row.reason,
    )


@transaction.atomic
def change_arrangement(
    revision: Revision, *, by: User, operation: dict[str, str], version: int
) -> ArrangementDraft:
    """Make one more change, on the draft as of `version`. Raises PlanError where none fits."""
    draft = _locked_draft(revision, by, version)
    kept = [*operations_of(draft), operation]
    arranged(revision, kept)
    return _save_draft(draft, by, operations=kept, position=len(kept))


@transaction.atomic
def undo_change(revision: Revision, *, by: User, version: int) -> ArrangementDraft:
    """Take the last change back."""
    draft = _locked_draft(revision, by, version)
    if draft.position == 0:
        raise PlanError("There is nothing to take back.")
    return _save_draft(draft, by, position=draft.position - 1)


@transaction.atomic
def redo_change(revision: Revision, *, by: User, version: int) -> ArrangementDraft:
    """Make the change again that was taken back last."""
    draft = _locked_draft(revision, by, version)
    if draft.position == len(draft.operations):
        raise PlanError("There is nothing to make again.")
    return _save_draft(draft, by, position=draft.position + 1)


def _locked_draft(revision: Revision, by: User, version: int) -> ArrangementDraft:
    """The draft as it was seen. Raises PlanError."""
    permit(by, CHANGE_PLAN, "arrange this plan", over=revision.plan)
    if revision.confirmed_at is not None:
        raise PlanError("This revision is confirmed. Edit the text to change its steps.")
    ArrangementDraft.objects.get_or_create(revision=revision, defaults={"by": by})
    draft = ArrangementDraft.objects.select_for_update().get(revision=revision)
    if draft.version != version:
        raise PlanError(
            "Somebody changed this arrangement meanwhile. Nothing was changed: look at it as it is "
            "now, then make your change again."
        )
    return draft


def _save_draft(draft: ArrangementDraft, by: User, **values: object) -> ArrangementDraft:
    rows = ArrangementDraft.objects.filter(pk=draft.pk, version=draft.version)
    if not rows.update(version=draft.version + 1, by=by, at=Now(), **values):
        raise PlanError("Somebody changed this arrangement meanwhile. Look at it as it is now.")
    return draft_of(draft.revision)
