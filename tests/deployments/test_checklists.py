"""The lists of a deployment: who answers, who signs, what the record answers, what is due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from rollback_console.audit.integrity.row_comparison import configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.deployments.actions import deployments, documents
from rollback_console.deployments.checklists import checklist_of, due_windows
from rollback_console.deployments.models import Deployment, DeploymentItem
from rollback_console.outbox import due_notices
from rollback_console.outbox.models import Delivery, Target
from rollback_console.plans.models import DecisionMaker
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused
from tests import make
from tests.documents.test_checklists import FAMILY
from tests.make import Stage

from .test_deployments import begin, deploy

PRE, POST = ((FAMILY / f"{name}.md").read_bytes() for name in ("pre", "post"))


def item(deployment: Deployment, data: bytes | str, text: str) -> DeploymentItem:
    """The item that reads `text` in a document that is added now."""
    document = documents.add_document(deployment, by=deployment.recorded_by, data=data)
    return document.items.get(text=text)


def answer(row: DeploymentItem, by: User, word: str, evidence: str = "") -> DeploymentItem:
    return documents.answer_item(row, by=by, answer=word, evidence=evidence, seen=row.answers)


def test_an_answer_says_who_and_when_and_is_changed_on_record(stage: Stage) -> None:
    row = item(deploy(stage, "v2"), POST, "User can log in")
    answer(row, stage.cast.dana, "done", "Logged in as probe-7")
    assert (row.answer, row.answered_by, row.evidence) == (
        "done",
        stage.cast.dana,
        "Logged in as probe-7",
    )
    assert row.answered_at
    answer(row, stage.cast.sam, "failed", "Every tenth login answers 500")
    answer(row, stage.cast.sam, "")
    events = ConfigurationEvent.objects.filter(kind="deployment.item_answered").order_by("seq")
    assert [(event.by, event.facts["answer"]) for event in events] == [
        (stage.cast.dana, "done"),
        (stage.cast.sam, "does not hold"),
        (stage.cast.sam, "open"),
    ]
    assert _doubts() == []
    DeploymentItem.objects.filter(pk=row.pk).update(answer="done")
    (problem,) = _doubts()
    assert "the answer of the checklist item of a deployment" in problem


def test_of_two_who_answer_at_once_the_second_looks_again(stage: Stage) -> None:
    row = item(deploy(stage, "v2"), POST, "User can log in")
    answer(row, stage.cast.dana, "done")
    with pytest.raises(Refused, match="meanwhile"):
        documents.answer_item(row, by=stage.cast.sam, answer="done", seen=0)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("failed", "Say what you saw"),
        ("not_applicable", "Say why it does not apply"),
        ("signed", "one of `done`"),
    ],
)
def test_an_answer_that_says_too_little_is_refused(stage: Stage, word: str, sentence: str) -> None:
    row = item(deploy(stage, "v2"), POST, "User can log in")
    with pytest.raises(Refused, match=sentence):
        answer(row, stage.cast.dana, word)


def test_a_viewer_adds_no_document_and_answers_nothing(stage: Stage) -> None:
    made = deploy(stage, "v2")
    with pytest.raises(Refused, match="Ask an operator"):
        documents.add_document(made, by=stage.cast.vic, data=POST)
    with pytest.raises(Refused, match="Ask an operator"):
        answer(item(made, POST, "User can log in"), stage.cast.vic, "done")


def test_only_who_holds_the_role_signs_for_it(stage: Stage) -> None:
    row = item(begin(stage, "v2"), PRE, "Sign-off of Deploy Lead")
    for other in (stage.cast.dana, stage.cast.sam, stage.cast.ada):
        with pytest.raises(Refused, match="Nobody else can sign for them"):
            answer(row, other, "signed")
    answer(row, stage.cast.lee, "signed")
    event = ConfigurationEvent.objects.get(kind="deployment.item_answered")
    assert event.facts["open"] == 47, "what was open belongs to the signature"


def test_who_no_longer_holds_the_role_signs_no_more(stage: Stage) -> None:
    row = item(begin(stage, "v2"), PRE, "Sign-off of Deploy Lead")
    DecisionMaker.objects.filter(user=stage.cast.lee).delete()
    with pytest.raises(Refused, match="Nobody here can sign for Deploy Lead"):
        answer(row, stage.cast.lee, "signed")


def test_where_nobody_holds_the_role_an_operator_names_somebody_else(stage: Stage) -> None:
    row = item(begin(stage, "v2"), PRE, "Sign-off of Backend Lead")
    with pytest.raises(Refused, match="Nobody here can sign for Backend Lead"):
        answer(row, stage.cast.dana, "signed")
    with pytest.raises(Refused, match="Nobody names themselves"):
        documents.name_signer(row, by=stage.cast.dana, person=stage.cast.dana)
    with pytest.raises(Refused, match="Ask an operator"):
        documents.name_signer(row, by=stage.cast.vic, person=stage.cast.dana)
    documents.name_signer(row, by=stage.cast.dana, person=stage.cast.vic)
    answer(row, stage.cast.vic, "signed")
    taken = row.document.items.get(text="Sign-off of Deploy Lead")
    with pytest.raises(Refused, match="Lee Example signs this"):
        documents.name_signer(taken, by=stage.cast.dana, person=stage.cast.vic)


def test_a_person_that_the_document_names_signs_and_no_holder_of_the_role(stage: Stage) -> None:
    text = "# Pre-deployment checklist\n## Sign-off\nDeploy Lead: Vic Example\nCTO: Zoe Nobody\n"
    row = item(begin(stage, "v2"), text, "Sign-off of Deploy Lead")
    with pytest.raises(Refused, match="Vic Example signs this"):
        answer(row, stage.cast.lee, "signed")
    answer(row, stage.cast.vic, "signed")
    unknown = row.document.items.get(text="Sign-off of CTO")
    with pytest.raises(Refused, match="Nobody here can sign for Zoe Nobody"):
        answer(unknown, stage.cast.lee, "signed")


def test_whether_to_go_is_decided_by_those_who_sign(stage: Stage) -> None:
    row = item(begin(stage, "v2"), PRE, "Go / no-go")
    with pytest.raises(Refused, match="Lee Example or Sam Example"):
        answer(row, stage.cast.dana, "go")
    with pytest.raises(Refused, match="Say why it is not deployed"):
        answer(row, stage.cast.sam, "no_go")
    answer(row, stage.cast.sam, "no_go", "The dump is missing")
    answer(row, stage.cast.lee, "go", "The dump is there now")
    assert (row.answer, row.answered_by) == ("go", stage.cast.lee)


def test_what_the_record_knows_answers_itself(stage: Stage) -> None:
    revision = make.plan(stage)
    made = deploy(stage, "v2")
    document = documents.add_document(made, by=stage.cast.dana, data=PRE)
    known = {each.item.text: each for each in checklist_of(document).items if each.by_record}
    assert set(known) == {"Rollback plan accessible", "Rollback plan reviewed"}
    reviewed = known["Rollback plan reviewed"].self_answer
    assert reviewed
    assert f"Revision {revision.number} of {revision.plan.title} was confirmed" in reviewed.evidence
    logged = item(made, POST, "Deployment logged")
    (status,) = [each for each in checklist_of(logged.document).items if each.item == logged]
    assert (status.open, status.answer, logged.answer) == (False, "done", "")


def test_without_a_plan_nothing_is_said_of_it(stage: Stage) -> None:
    row = item(deploy(stage, "v2"), PRE, "Rollback plan accessible")
    (status,) = [each for each in checklist_of(row.document).items if each.item == row]
    assert status.open


def test_a_document_is_replaced_until_somebody_works_through_it(stage: Stage) -> None:
    made = deploy(stage, "v2")
    documents.add_document(made, by=stage.cast.dana, data="# Post-deployment checklist\n- [ ] a\n")
    row = item(made, POST, "User can log in")
    assert made.documents.count() == 1
    answer(row, stage.cast.dana, "done")
    with pytest.raises(Refused, match="its answers would be lost"):
        documents.add_document(made, by=stage.cast.dana, data=POST)
    assert _doubts() == []


def test_a_document_that_cannot_be_read_is_refused_in_a_sentence(stage: Stage) -> None:
    with pytest.raises(Refused, match="Import it as a plan"):
        documents.add_document(
            deploy(stage, "v2"), by=stage.cast.dana, data=(FAMILY / "rollback.md").read_bytes()
        )


def windows(minutes: float) -> list[tuple[str, bool]]:
    now = db_clock.now() + timedelta(minutes=minutes)
    due = due_windows(now, looks_back=timedelta(minutes=10))
    return [(each.section.title, each.over) for each in due]


def test_a_window_is_due_when_it_begins_and_when_it_is_over(stage: Stage) -> None:
    made = deploy(stage, "v2")
    documents.add_document(made, by=stage.cast.dana, data=POST)
    immediate, functional = (
        "Immediate Verification (0-15 min)",
        "Functional Verification (15-30 min)",
    )
    assert windows(1) == [(immediate, False)]
    assert windows(12) == []
    assert windows(16) == [(immediate, True), (functional, False)]
    for row in made.documents.get().items.filter(section=immediate):
        answer(row, stage.cast.dana, "done")
    assert windows(16) == [(functional, False)]
    deployments.close_deployment(made, by=stage.cast.dana, reason="All green")
    assert windows(16) == []


def test_whoever_signs_is_reminded_once_of_a_window(stage: Stage) -> None:
    Target.objects.create(
        name="mail",
        url="mailto://127.0.0.1:9?from=c@example.org",
        shown="mail",
        topics=["checklists"],
        personal=True,
        made_by=stage.cast.ada,
        made_at=db_clock.now(),
    )
    documents.add_document(deploy(stage, "v2"), by=stage.cast.dana, data=POST)
    due_notices.events()
    due_notices.events()
    message = Delivery.objects.get()
    assert "Immediate Verification (0-15 min) is due: Checkout v2" in message.title
    assert message.to == ["lee@example.org", "sam@example.org", "dana@example.org"]


def _doubts() -> list[str]:
    return [each.what for each in configuration_row_flaws({}) if "deployment" in each.what]
