"""Importing, reading, revising and binding plans."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now

from rollback_console.documents.canonical import tidy_canonical
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.data_loss import cost
from rollback_console.plans.document_cache import document as documents
from rollback_console.plans.document_cache import read_cached
from rollback_console.plans.models import (
    Asking,
    Environment,
    Host,
    HostQuestion,
    Plan,
    ProbeResult,
    Revision,
    Service,
)
from rollback_console.plans.readiness import queue
from rollback_console.plans.readiness.choices import freeze_what_is_known
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.rollbacks.actions import requests
from tests import make

from .conftest import SEED, SignIn, words


def test_an_empty_list_says_what_to_do_next(signed_in: SignIn, stage: make.Stage) -> None:
    page = words(signed_in(stage.cast.dana).get("/plans/"))
    assert "Import the Markdown document that your team follows by hand" in page


def test_a_pasted_plan_is_kept_to_the_byte(signed_in: SignIn, stage: make.Stage) -> None:
    fields = {
        "text": SEED.replace("\n", "\r\n"),
        "service": stage.service.pk,
        "environment": stage.environment.pk,
    }
    response = signed_in(stage.cast.dana).post("/plans/import/", fields)
    assert response.status_code == 303
    assert bytes(Revision.objects.get().source) == SEED.encode()


def test_an_uploaded_plan_may_name_a_new_service(signed_in: SignIn, stage: make.Stage) -> None:
    upload = SimpleUploadedFile("plan.md", SEED.encode())
    fields = {"file": upload, "new_service": "Call Centre", "environment": stage.environment.pk}
    signed_in(stage.cast.dana).post("/plans/import/", fields)
    assert Plan.objects.get().service == Service.objects.get(slug="call-centre")


def test_nothing_typed_is_lost_when_a_plan_cannot_be_kept(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {"text": "# Only this title", "note": "night shift"}
    response = signed_in(stage.cast.dana).post("/plans/import/", fields)
    assert response.status_code == 422
    page = words(response)
    assert "# Only this title" in page
    assert "Choose the service that this plan rolls back, or enter a new one." in page
    assert 'value="night shift"' in response.content.decode()


def test_an_unreadable_upload_is_refused_with_a_sentence(
    signed_in: SignIn, stage: make.Stage
) -> None:
    upload = SimpleUploadedFile("plan.md", bytes(range(256)) * 4)
    fields = {
        "file": upload,
        "service": stage.service.pk,
        "environment": stage.environment.pk,
    }
    response = signed_in(stage.cast.dana).post("/plans/import/", fields)
    assert response.status_code == 422
    assert Plan.objects.count() == 0


def test_who_only_looks_may_not_import(signed_in: SignIn, stage: make.Stage) -> None:
    response = signed_in(stage.cast.vic).get("/plans/import/")
    assert response.status_code == 403
    assert "Ask an Admin" in words(response)


def test_the_page_shows_every_line_beside_what_it_became(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage, SEED)
    response = signed_in(stage.cast.vic).get(f"/plans/{revision.plan.slug}/")
    body = response.content.decode()
    for number in range(1, len(SEED.splitlines()) + 1):
        assert f'id="L{number}"' in body
    page = words(response)
    for text in ("Restore Database", "Point of no return", "Then one of these", "User can log in"):
        assert text in page
    assert "5–10 min" in page
    assert "PREVIOUS_COMMIT_SHA" in page


def test_what_a_plan_says_is_shown_and_never_becomes_markup(
    signed_in: SignIn, stage: make.Stage
) -> None:
    evil = make.PLAN.replace("echo stopping", "echo '<script>alert(1)</script>'")
    revision = make.plan(stage, evil)
    body = signed_in(stage.cast.vic).get(f"/plans/{revision.plan.slug}/").content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)" in body


def test_what_is_missing_is_listed_with_the_way_to_bind_it(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage, hosts="")
    page = words(signed_in(stage.cast.dana).get(f"/plans/{revision.plan.slug}/"))
    assert "Required before a request" in page
    assert "Bind hosts and values" in page


def drawn(slug: str) -> str:
    """What a form carries that was drawn from the newest revision."""
    return draw_revision(Revision.objects.filter(plan__slug=slug).order_by("-number")[0])


STOP, RESTORE = (step.key for step in read_cached(make.PLAN.encode()).procedures[0].steps[:2])


def test_bindings_drawn_before_a_colleagues_edit_are_refused_with_the_difference(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage)
    slug, seen = revision.plan.slug, drawn(revision.plan.slug)
    first = "### Step 1: Drain\n```bash\necho draining\n```\n\n### Step 2: Stop"
    edited = make.PLAN.replace("### Step 1: Stop", first)
    plans.revise(revision.plan, edited.encode(), by=stage.cast.ada)
    fields = {"hosts": "app-1", f"step-{STOP}-user": "root", "drawn_from": seen}
    response = signed_in(stage.cast.dana).post(f"/plans/{slug}/bindings/", fields)
    assert response.status_code == 422
    shown = words(response)
    assert "You saw revision 2, and revision 3 was made meanwhile by Ada Example." in shown
    assert "lines of the text. Nothing was saved" in shown
    assert Revision.objects.filter(plan__slug=slug).count() == 3


def test_a_text_drawn_before_a_colleagues_bindings_is_refused_with_the_difference(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage)
    slug, seen = revision.plan.slug, drawn(revision.plan.slug)
    bindings = {"hosts": "app-1", "steps": {STOP: {"user": "root"}}}
    plans.bind_steps(revision, by=stage.cast.ada, bindings=bindings)
    fields = {"text": make.PLAN + "\nMore.\n", "drawn_from": seen}
    client, address = signed_in(stage.cast.dana), f"/plans/{slug}/text/"
    for stale in (fields, {**fields, "drawn_from": ""}):
        response = client.post(address, stale)
        assert response.status_code == 422
        assert "Nothing was saved" in words(response)
    assert "Changed since: the bindings of Stop." in words(client.post(address, fields))
    client.post(f"/plans/{slug}/bindings/text/", {"drawn_from": seen})
    assert Revision.objects.filter(plan__slug=slug).count() == 3
    assert client.post(address, {**fields, "drawn_from": drawn(slug)}).status_code == 303


def test_binding_a_host_makes_a_revision_that_is_ready(
    signed_in: SignIn, stage: make.Stage
) -> None:
    slug = make.plan(stage, hosts="").plan.slug
    client = signed_in(stage.cast.dana)
    fields = {
        "hosts": "app-1",
        "on_host": "DB_HOST, DB_USER",
        f"step-{STOP}-timeout": "60",
        f"step-{RESTORE}-manual": "on",
        "drawn_from": drawn(slug),
    }
    assert client.post(f"/plans/{slug}/bindings/", fields).status_code == 303
    bound = Revision.objects.order_by("-number")[0].bindings
    assert bound["hosts"] == "app-1"
    assert bound["on_host"] == ["DB_HOST", "DB_USER"]
    assert sorted(bound["steps"].values(), key=str) == [{"manual": True}, {"timeout": 60}]
    assert "Required before a request" not in words(client.get(f"/plans/{slug}/"))


def test_what_steps_are_bound_to_is_written_into_the_text(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage)
    slug, before = revision.plan.slug, bytes(revision.source).decode()
    client = signed_in(stage.cast.dana)
    fields = {
        "hosts": "app-1",
        f"step-{STOP}-timeout": "60",
        f"step-{STOP}-cwd": "/srv/my app",
        f"step-{RESTORE}-manual": "on",
        "drawn_from": drawn(slug),
    }
    client.post(f"/plans/{slug}/bindings/", fields)
    fields = {"drawn_from": drawn(slug)}
    assert client.post(f"/plans/{slug}/bindings/text/", fields).status_code == 303
    made = Revision.objects.order_by("-number")[0]
    text = bytes(made.source).decode()
    assert text == before.replace("```bash", '```bash cwd="/srv/my app" timeout=1m', 1)
    assert made.bindings["hosts"] == "app-1"
    assert list(made.bindings["steps"].values()) == [{"manual": True}]


def test_with_nothing_bound_there_is_nothing_to_write(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    fields = {"drawn_from": drawn(slug)}
    client = signed_in(stage.cast.dana)
    response = client.post(f"/plans/{slug}/bindings/text/", fields, follow=True)
    assert "Nothing bound here can be written" in words(response)
    assert Revision.objects.order_by("-number")[0].note != "Bindings written into the text"


def test_who_only_looks_may_not_write_bindings(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    assert signed_in(stage.cast.vic).post(f"/plans/{slug}/bindings/text/").status_code == 403


def test_a_wrong_binding_keeps_what_was_typed(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    fields = {"hosts": "app-1", "on_host": "1-is-no-name", f"step-{STOP}-cwd": "/srv/app"}
    response = signed_in(stage.cast.dana).post(f"/plans/{slug}/bindings/", fields)
    assert response.status_code == 422
    assert "“1-is-no-name” is not a variable name" in words(response)
    assert 'value="/srv/app"' in response.content.decode()


def test_who_only_looks_reads_bindings_and_cannot_change_them(
    signed_in: SignIn, stage: make.Stage
) -> None:
    slug = make.plan(stage).plan.slug
    client = signed_in(stage.cast.vic)
    assert "You have read-only access." in words(client.get(f"/plans/{slug}/bindings/"))
    fields = {"hosts": "app-1", "drawn_from": drawn(slug)}
    response = client.post(f"/plans/{slug}/bindings/", fields)
    assert response.status_code == 403
    assert "You may not change this plan. Ask an Admin for the right." in words(response)


def test_a_new_text_becomes_the_next_revision_and_shows_what_changed(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage)
    client, slug = signed_in(stage.cast.dana), revision.plan.slug
    text = make.PLAN.replace("echo restoring", "echo restoring slowly")
    fields = {"text": text, "note": "slower", "drawn_from": drawn(slug)}
    client.post(f"/plans/{slug}/text/", fields)
    page = words(client.get(f"/plans/{slug}/revisions/{revision.number + 1}/changes/"))
    assert "- echo restoring" in page
    assert "+ echo restoring slowly" in page
    assert "slower" in words(client.get(f"/plans/{slug}/revisions/"))


def test_an_old_revision_says_that_it_is_old(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    page = words(signed_in(stage.cast.vic).get(f"/plans/{slug}/revisions/1/"))
    assert "This is an old revision." in page


def test_the_first_revision_is_compared_with_nothing(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    page = words(signed_in(stage.cast.vic).get(f"/plans/{slug}/revisions/1/changes/"))
    assert "Revision 1, the first" in page
    assert "+ # Checkout 2" in page


def test_a_fix_shows_what_it_changes_before_it_is_saved(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage, SEED)
    client, slug = signed_in(stage.cast.dana), revision.plan.slug
    offered = [
        (index, finding)
        for index, finding in enumerate(documents(revision).findings)
        if finding.fix
    ]
    assert offered
    index, finding = offered[0]
    address = f"/plans/{slug}/revisions/{revision.number}/fixes/"
    shown = client.post(address, {"index": index, "code": finding.code})
    assert Revision.objects.count() == revision.number
    assert finding.message in words(shown)
    changed = {row.kind for row in shown.context["rows"]} - {"kept", "place"}
    assert changed <= {"added", "gone"}
    assert changed
    client.post(address, {"index": index, "code": finding.code, "save": "1"})
    latest = Revision.objects.order_by("-number")[0]
    assert bytes(latest.source).decode() == tidy_canonical(apply_fix(documents(revision), finding))
    assert finding.fix and latest.note == finding.fix.label
    again = client.post(address, {"index": index, "code": finding.code}, follow=True)
    assert "The plan has a newer revision." in words(again)


def test_a_finding_that_is_not_there_is_a_404(signed_in: SignIn, stage: make.Stage) -> None:
    revision = make.plan(stage)
    address = f"/plans/{revision.plan.slug}/revisions/{revision.number}/fixes/"
    response = signed_in(stage.cast.dana).post(address, {"index": "99", "code": "nothing"})
    assert response.status_code == 404


def test_an_unknown_plan_or_revision_is_a_404(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    client = signed_in(stage.cast.vic)
    assert client.get("/plans/nothing-of-that-name/").status_code == 404
    assert client.get(f"/plans/{slug}/revisions/99/").status_code == 404


TWO_PROCEDURES = """\
# Rollback Plan

## Rollback Scenarios

### Scenario 1: Code only

1. Stop

   ```bash
   systemctl stop shop
   ```

### Scenario 2: Code and data

1. Restore

   ```bash
   mysql shop < before.sql
   ```
"""
MEASURE = "---\nmeasures:\n  - {what: calls since deployment, run: echo 7}\n---\n"


def test_questions_to_hosts_are_approved_on_the_plans_page_by_who_has_the_right(
    signed_in: SignIn, stage: make.Stage
) -> None:
    text = MEASURE + make.PLAN.replace("echo restoring", "rm -rf /srv/uploads")
    revision = make.plan(stage, text)
    slug = revision.plan.slug
    signed_in(stage.cast.dana).post(f"/plans/{slug}/readiness/")
    question = HostQuestion.objects.get()
    address = f"/plans/{slug}/host-questions/approvals/"
    dana = signed_in(stage.cast.dana)
    page = words(dana.get(f"/plans/{slug}/"))
    assert "measure calls since deployment app-1 ( deploy@192.0.2.1:22 ) as deploy" in page
    assert "echo 7" in page
    assert "waits for approval" in page
    assert "Approve the ticked questions" not in page
    assert dana.post(address, {"question": question.sha256}).status_code == 403
    lee = signed_in(stage.cast.lee)
    assert lee.get(address).status_code == 405
    assert "Tick at least one" in words(lee.post(address, {}, follow=True))
    answer_text = words(lee.post(address, {"question": question.sha256}, follow=True))
    assert "Approved. Preflight checks started." in answer_text
    assert "approved by Lee Example" in answer_text
    again = words(lee.post(address, {"question": question.sha256}, follow=True))
    assert "has changed or was decided meanwhile" in again
    withdrawals = f"/plans/{slug}/host-questions/{question.pk}/withdrawals/"
    assert dana.post(withdrawals).status_code == 403
    assert "Approval withdrawn." in words(lee.post(withdrawals, follow=True))
    question.refresh_from_db()
    assert question.state == "pending"


def test_each_procedure_has_a_verdict_of_its_own_with_its_values(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage, TWO_PROCEDURES)
    first, _ = (each.key for each in documents(revision).procedures)
    snapshot = freeze_what_is_known(revision, {"procedure": first})
    assert snapshot is not None
    page = words(signed_in(stage.cast.dana).get(address(revision)))
    assert "data loss: none" not in page, "nobody asked yet"
    cost.save_cost(revision, snapshot, [])
    page = words(signed_in(stage.cast.dana).get(address(revision)))
    verdicts = page.split("Preflight checks")[1].split("What the author wrote")[0]
    before, after = verdicts.split("data loss: ", 2)[1:]
    assert before.startswith("none · asked")
    assert after.startswith("unknown")
    names = [each.name for each in documents(revision).procedures]
    assert [name for name in names if name in verdicts] == names


def test_what_one_request_filled_in_is_not_the_plans_own_verdict(
    signed_in: SignIn, stage: make.Stage
) -> None:
    text = make.PLAN.replace("echo stopping", "git checkout <previous-tag>")
    revision = make.plan(stage, text)
    (name,) = (each.name for each in draw_request_form(revision).parameters)
    for why, value in (("person", "v1"), ("request", "wrong")):
        queue.enqueue_asking(revision, {"parameters": {name: value}}, why=why)
    assert f"with {name}=v1" in words(signed_in(stage.cast.dana).get(address(revision)))
    assert "wrong" not in words(signed_in(stage.cast.dana).get(address(revision)))


def test_a_request_with_a_wrong_value_does_not_turn_the_plan_red_in_the_list(
    signed_in: SignIn, stage: make.Stage
) -> None:
    Host.objects.update(address="127.0.0.1", port=1)
    revision = make.plan(stage, make.PLAN.replace("echo stopping", "git checkout <previous-tag>"))
    (name,) = (each.name for each in draw_request_form(revision).parameters)
    queue.enqueue_asking(revision, {"parameters": {name: "wrong"}}, why="request")
    make.hosts_answer()
    assert ProbeResult.objects.filter(verdict="not_ready").exists()
    page = words(signed_in(stage.cast.dana).get("/plans/"))
    assert ("not checked yet" in page, "not ready" in page) == (True, False)
    queue.enqueue_asking(revision, {}, why="person")
    make.hosts_answer()
    assert "not ready" in words(signed_in(stage.cast.dana).get("/plans/"))


def test_what_nobody_sees_in_a_question_to_a_host_is_a_mark(
    signed_in: SignIn, stage: make.Stage
) -> None:
    hidden = MEASURE.replace("echo 7", "echo \N{RIGHT-TO-LEFT OVERRIDE}7")
    removing = make.PLAN.replace("echo restoring", "rm -rf /srv/uploads")
    revision = make.plan(stage, hidden + removing)
    queue.enqueue_asking(revision, {}, why="person")
    page = words(signed_in(stage.cast.lee).get(address(revision)))
    assert (
        "\N{RIGHT-TO-LEFT OVERRIDE}"
        not in page.split("What hosts are asked")[1].split("Who had")[0]
    )


def address(revision: Revision) -> str:
    return f"/plans/{revision.plan.slug}/"


def test_the_plans_page_has_the_hosts_asked_and_shows_a_matrix(
    signed_in: SignIn, stage: make.Stage
) -> None:
    Host.objects.update(address="127.0.0.1", port=1)
    slug = make.plan(stage).plan.slug
    client = signed_in(stage.cast.dana)
    client.post(f"/plans/{slug}/readiness/")
    make.hosts_answer()
    page = words(client.get(f"/plans/{slug}/"))
    assert "data loss: none" in page
    assert "app-1 not ready" in page
    assert signed_in(stage.cast.vic).post(f"/plans/{slug}/readiness/").status_code == 403


def test_a_plan_says_that_nobody_rehearsed_it(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    client = signed_in(stage.cast.dana)
    assert "rehearsed in" not in words(client.get(f"/plans/{slug}/"))
    Environment.objects.create(slug="practice", name="PRACTICE", rehearses=stage.environment)
    assert "Never rehearsed in PRACTICE" in words(client.get(f"/plans/{slug}/"))


def test_an_approved_question_has_open_requests_asked_anew_and_says_whose_it_is(
    signed_in: SignIn, stage: make.Stage
) -> None:
    migrating = "python manage.py migrate shop <previous_migration>"
    revision = make.plan(stage, make.PLAN.replace("echo restoring", migrating))
    (name,) = [each.name for each in draw_request_form(revision).parameters]
    rollback = requests.open_request(
        revision,
        by=stage.cast.dana,
        reason="It loses orders",
        choices={"parameters": {name: "0001"}},
    )
    queue.enqueue_asking(rollback.revision, rollback.choices, why="request")
    Asking.objects.update(taken_at=Now(), done_at=Now())
    question = HostQuestion.objects.filter(kind="reversal").latest("id")
    lee, slug = signed_in(stage.cast.lee), revision.plan.slug
    assert "With the values of one request" in words(lee.get(f"/plans/{slug}/"))
    lee.post(f"/plans/{slug}/host-questions/approvals/", {"question": question.sha256})
    again = Asking.objects.filter(done_at=None, snapshot_sha256=rollback.snapshot_sha256)
    assert again.get().by == stage.cast.lee


def test_the_page_says_where_the_console_keeps_the_database(
    signed_in: SignIn, stage: make.Stage
) -> None:
    head = "---\ndatabase: {kind: sqlite, name: /srv/a.db, folder: /var/dumps}\n---\n"
    text = make.PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    client = signed_in(stage.cast.dana)
    address = f"/plans/{make.plan(stage, head + text).plan.slug}/"
    assert "as a dump in /var/dumps ." in words(client.get(address))
