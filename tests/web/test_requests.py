"""Asking for a rollback."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rollback_console.plans.models import Host, Secret
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SEED, SignIn, words

CHOICES = {
    "procedure": "rollback-steps",
    "reason": "Login answers 500",
    "trigger": "Database corruption detected",
    "condition_restore-database": "run",
    "way_restore-code": "0",
    "way_restore-database": "0",
    "parameter_PREVIOUS_COMMIT_SHA": "91bc4e2a77",
    "parameter_BACKUP_FILE": "/var/backups/shop_20261125_010203.sql",
}
ON_HOST = ["DB_HOST", "DB_USER"]


def seeded(stage: make.Stage) -> str:
    """The seed plan, bound, and where it is requested."""
    Secret.objects.create(environment=stage.environment, name="DB_PASSWORD", value="swordfish")
    revision = make.plan(stage, SEED, on_host=ON_HOST)
    return f"/plans/{revision.plan.slug}/request/"


def test_several_procedures_are_chosen_between_first(signed_in: SignIn, stage: make.Stage) -> None:
    page = words(signed_in(stage.cast.dana).get(seeded(stage)))
    assert "Which procedure?" in page
    assert "Keep DB as-is, only rollback code" in page
    assert "data loss: unknown , because step 3, Restore Database, overwrites" in page
    assert (
        "unknown , because nobody has asked the hosts yet · no timing data · author’s estimate 5-10"
        in page
    )


def test_a_single_procedure_is_asked_about_at_once(signed_in: SignIn, stage: make.Stage) -> None:
    slug = make.plan(stage).plan.slug
    page = words(signed_in(stage.cast.dana).get(f"/plans/{slug}/request/"))
    assert "Reason for the rollback" in page


def test_a_procedure_asks_only_for_its_own_steps(signed_in: SignIn, stage: make.Stage) -> None:
    client, address = signed_in(stage.cast.dana), seeded(stage)
    whole = words(client.get(f"{address}?procedure=rollback-steps"))
    code = words(client.get(f"{address}?procedure=keep-db-as-is-only-rollback-code"))
    assert "Step 3, Restore Database" in whole
    assert "Restore Database" not in code


def test_whoever_chooses_how_a_conditional_step_runs_wants_it_run(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.dana), seeded(stage)
    client.post(address, {**CHOICES, "condition_restore-database": ""})
    assert Rollback.objects.get().choices["conditions"] == {"restore-database": "run"}
    client.post(address, {**CHOICES, "condition_restore-database": "skip"})
    assert Rollback.objects.latest("pk").choices["conditions"] == {"restore-database": "skip"}
    nothing = {**CHOICES, "condition_restore-database": "", "way_restore-database": ""}
    assert client.post(address, nothing).status_code == 422


def test_a_password_is_a_secret_and_nothing_that_is_typed(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.dana), seeded(stage)
    Secret.objects.all().delete()
    page = client.get(f"{address}?procedure=rollback-steps")
    assert "DB_PASSWORD is a secret and cannot be entered here" in words(page)
    assert "parameter_DB_PASSWORD" not in page.content.decode()
    typed = {**CHOICES, "parameter_DB_PASSWORD": "hunter2"}
    refusal = words(client.post(address, typed))
    assert "An Admin writes it as a secret DB_PASSWORD of STAGING." in refusal
    assert "hunter2" not in refusal
    assert not Rollback.objects.exists()


def test_a_preview_shows_to_the_letter_what_would_run_and_asks_nothing(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {**CHOICES, "preview": "1"}
    page = words(signed_in(stage.cast.dana).post(seeded(stage), fields))
    assert "Point of no return: what follows cannot be undone" in page
    assert "91bc4e2a77" in page
    assert "DB_PASSWORD secret, never shown" in page
    assert Rollback.objects.count() == 0


def test_what_is_missing_is_listed_as_sentences_and_nothing_is_lost(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {"procedure": "rollback-steps", "reason": "Login answers 500 since midnight"}
    response = signed_in(stage.cast.dana).post(seeded(stage), fields)
    assert response.status_code == 422
    page = words(response)
    assert "Not submitted yet; your input is kept." in page
    assert "Step 2, Restore Code, has several ways: choose" in page
    assert "choose to run or to skip it" in page
    assert "Login answers 500 since midnight" in page
    assert Rollback.objects.count() == 0


def test_a_request_without_a_reason_says_so_beside_the_field(
    signed_in: SignIn, stage: make.Stage
) -> None:
    response = signed_in(stage.cast.dana).post(seeded(stage), {**CHOICES, "reason": "  "})
    assert response.status_code == 422
    assert "Enter a reason" in words(response)


def test_a_whole_request_opens_a_rollback_with_every_choice(
    signed_in: SignIn, stage: make.Stage
) -> None:
    response = signed_in(stage.cast.dana).post(seeded(stage), CHOICES)
    rollback = Rollback.objects.get()
    assert response["Location"] == f"/rollbacks/{rollback.pk}/"
    assert response.status_code == 303
    assert rollback.trigger == "Database corruption detected"
    assert rollback.choices["conditions"] == {"restore-database": "run"}
    assert rollback.choices["alternatives"] == {"restore-code": 0, "restore-database": 0}
    assert rollback.requested_by == stage.cast.dana


def test_who_only_looks_may_not_ask(signed_in: SignIn, stage: make.Stage) -> None:
    assert signed_in(stage.cast.vic).get(seeded(stage)).status_code == 403


def test_a_trigger_that_the_plan_does_not_name_is_refused(
    signed_in: SignIn, stage: make.Stage
) -> None:
    response = signed_in(stage.cast.dana).post(seeded(stage), {**CHOICES, "trigger": "boredom"})
    assert response.status_code == 422
    assert Rollback.objects.count() == 0


def test_the_hosts_can_be_asked_before_anybody_is(signed_in: SignIn, stage: make.Stage) -> None:
    Host.objects.update(address="127.0.0.1", port=1)
    slug = make.plan(stage).plan.slug
    fields = {"reason": "Login answers 500", "ready": "1"}
    client, address = signed_in(stage.cast.dana), f"/plans/{slug}/request/"
    assert "Preflight checks started" in words(client.post(address, fields))
    make.hosts_answer()
    page = words(client.post(address, {**fields, "preview": "1"}))
    assert "1 result from the hosts, 1 failed" in page
    assert Rollback.objects.count() == 0


def test_what_was_rejected_is_asked_for_again_with_what_was_filled_in(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.dana), seeded(stage)
    client.post(address, CHOICES)
    rollback = Rollback.objects.get()
    lee = signed_in(stage.cast.lee)
    lee.post(
        f"/rollbacks/{rollback.pk}/rejections/",
        {"note": "Try the cache first", "snapshot_sha256": rollback.snapshot_sha256},
    )
    page = client.get(f"/rollbacks/{rollback.pk}/").content.decode()
    assert "Try the cache first" in page
    assert f"{address}?again={rollback.pk}" in page
    again = client.get(f"{address}?again={rollback.pk}").content.decode()
    for value in ("Login answers 500", "91bc4e2a77", "/var/backups/shop_20261125_010203.sql"):
        assert value in again
    for number in ("999999", "x", "²", "9" * 30):
        assert client.get(f"{address}?again={number}").status_code == 200


def test_a_note_can_be_added_after_a_rejection(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.dana)
    client.post(seeded(stage), CHOICES)
    rollback = Rollback.objects.get()
    form = {"note": "No", "snapshot_sha256": rollback.snapshot_sha256}
    signed_in(stage.cast.lee).post(f"/rollbacks/{rollback.pk}/rejections/", form)
    client = signed_in(stage.cast.dana)
    assert (
        f'action="/rollbacks/{rollback.pk}/notes/"'
        in client.get(f"/rollbacks/{rollback.pk}/").content.decode()
    )
    client.post(f"/rollbacks/{rollback.pk}/notes/", {"text": "Understood; cache cleared."})
    assert "Understood; cache cleared." in words(client.get(f"/rollbacks/{rollback.pk}/"))
    seen = f"{timezone.now() - timedelta(hours=2):%H:%M}"
    client.post(f"/rollbacks/{rollback.pk}/notes/", {"text": "Slow since then", "seen": seen})
    page = words(client.get(f"/rollbacks/{rollback.pk}/"))
    assert f"noted (seen {seen} UTC, noted later): Slow since then" in page


def test_the_first_page_asks_for_service_and_environment_and_proposes_the_plan(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, revision = signed_in(stage.cast.dana), make.plan(stage)
    assert 'href="/rollbacks/new/"' in client.get("/").text
    chosen = "/rollbacks/new/?service=checkout&environment=staging"
    assert client.get(chosen)["Location"] == f"/plans/{revision.plan.slug}/request/"
    make.plan(stage, make.PLAN.replace("# Rollback Plan", "# Another Plan"))
    page = client.get(chosen)
    assert words(page).count("proposed") == 1
    assert f'href="/plans/{revision.plan.slug}/request/"' in page.text
    nowhere = client.get("/rollbacks/new/?service=shop&environment=staging")
    assert "This service has no plan there." in words(nowhere)
    assert signed_in(stage.cast.vic).get("/rollbacks/new/").status_code == 403
