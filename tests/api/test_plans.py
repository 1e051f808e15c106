"""A pipeline hands over its plan and what it knows of the deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rollback_console.plans.actions import plans
from rollback_console.plans.models import Host, Plan, Revision
from rollback_console.plans.readiness import queue
from tests import make
from tests.make import Stage

from .caller import Caller, problem

SEED = (Path(__file__).parents[1] / "documents" / "seed.md").read_text()
TEXT = make.PLAN.replace("echo restoring", "git checkout <previous-commit-sha>")


def sent(**more: Any) -> dict[str, Any]:
    return {"document": TEXT, "service": "checkout", "environment": "staging", **more}


def test_a_document_becomes_a_plan_and_is_answered_with_its_report(
    stage: Stage, call: Caller
) -> None:
    response = call.post("/plans", sent(title="Checkout 2"))
    assert response.status_code == 201
    made = response.json()
    assert made["plan"] == "checkout-staging-checkout-2"
    assert made["number"] == 1
    assert made["author"]["username"] == "dana"
    assert made["document"] == TEXT
    assert made["report"]["procedures"][0]["steps"][1]["title"] == "Restore Code"
    assert made["form"]["missing"]
    assert bytes(Revision.objects.get().source) == TEXT.encode()


def test_facts_of_the_deployment_fill_the_parameters(stage: Stage, call: Caller) -> None:
    name = call.post("/plans", sent()).json()["form"]["parameters"][0]["name"]
    made = call.post("/plans", sent(facts={name: "4f2a91bc"})).json()
    assert made["bindings"]["facts"] == {name: "4f2a91bc"}
    assert made["form"]["parameters"][0]["value"] == "4f2a91bc"


def test_a_deployment_fills_the_parameters_that_can_mean_nothing_else(
    stage: Stage, call: Caller
) -> None:
    deployment = {
        "previous_commit": "91bc2f0",
        "tag": "pre-deploy-20251112-011044",
        "dump": "/backup/backup_20251112_010000.sql",
        "migrations_before": {"users": "0007", "shop": "0003"},
        "migrations_after": {"users": "0008", "shop": "0003"},
    }
    made = call.post("/plans", sent(document=SEED, deployment=deployment)).json()
    values = {each["kind"]: each["value"] for each in made["form"]["parameters"]}
    assert values == {
        "commit": "91bc2f0",
        "tag": "pre-deploy-20251112-011044",
        "file": "/backup/backup_20251112_010000.sql",
        "migration": "0007",
        "app": "users",
        "text": "",
    }


def test_a_value_that_could_be_meant_twice_is_not_guessed(stage: Stage, call: Caller) -> None:
    text = make.PLAN.replace("echo restoring", "git diff <one-commit> <other-commit>")
    made = call.post("/plans", sent(document=text, deployment={"previous_commit": "91bc2f0"}))
    assert made.json()["bindings"].get("facts", {}) == {}


def test_a_fact_by_name_comes_before_the_deployment(stage: Stage, call: Caller) -> None:
    name = call.post("/plans", sent()).json()["form"]["parameters"][0]["name"]
    both = sent(deployment={"previous_commit": "91bc2f0"}, facts={name: "4f2a91bc"})
    assert call.post("/plans", both).json()["bindings"]["facts"] == {name: "4f2a91bc"}


def test_facts_of_an_earlier_deployment_are_not_carried_over(stage: Stage, call: Caller) -> None:
    call.post("/plans", sent(facts={"OLD": "4f2a91bc"}))
    made = call.post("/plans", sent()).json()
    assert made["bindings"]["facts"] == {}


def test_what_people_bound_stays_bound(stage: Stage, call: Caller) -> None:
    call.post("/plans", sent())
    revision = Revision.objects.order_by("-number")[0]
    plans.bind_steps(revision, by=stage.cast.ada, bindings={"hosts": "app-1"})
    made = call.post("/plans", sent(facts={"TAG": "v1"})).json()
    assert made["bindings"] == {"hosts": "app-1", "facts": {"TAG": "v1"}}
    assert [each[:20] for each in made["form"]["missing"]] == ["Nobody has confirmed"]


def test_the_same_title_is_the_same_plan(stage: Stage, call: Caller) -> None:
    numbers = [call.post("/plans", sent()).json()["number"] for _ in range(2)]
    assert numbers == [1, 2]
    assert Plan.objects.count() == 1


def test_a_document_that_cannot_be_read_is_refused_with_a_sentence(
    stage: Stage, call: Caller
) -> None:
    problem(call.post("/plans", sent(document="x" * 300_000)), 422, "unreadable-plan")
    problem(call.post("/plans", sent(document="a\x00b")), 422, "unreadable-plan")
    assert not Plan.objects.exists()


def test_an_unknown_service_or_environment_is_named(stage: Stage, call: Caller) -> None:
    body = problem(call.post("/plans", sent(service="basket")), 404, "not-found")
    assert body["detail"] == "There is no service basket."
    body = problem(call.post("/plans", sent(environment="moon")), 404, "not-found")
    assert body["detail"] == "There is no environment moon."


def test_a_viewer_may_not_keep_plans(stage: Stage, call: Caller) -> None:
    body = problem(call.post("/plans", sent(), who="vic"), 403, "forbidden")
    assert "may not import plans" in body["detail"]
    assert not Plan.objects.exists()


def test_facts_that_may_not_be_bound_leave_nothing_behind(stage: Stage, call: Caller) -> None:
    groups = stage.cast.dana.groups.get()
    groups.permissions.remove(*groups.permissions.filter(codename="change_plan"))
    problem(call.post("/plans", sent(facts={"TAG": "v1"})), 403, "forbidden")
    assert not Plan.objects.exists()


def test_plans_are_listed_by_slug_in_pages(stage: Stage, call: Caller) -> None:
    for title in "cab":
        call.post("/plans", sent(title=f"Plan {title}"))
    first = call.get("/plans", limit=2).json()
    second = call.get("/plans", limit=2, cursor=first["next"]).json()
    titles = [plan["title"] for page in (first, second) for plan in page["items"]]
    assert titles == ["Plan a", "Plan b", "Plan c"]
    assert second["next"] is None
    assert call.get("/plans", service="other").json()["items"] == []
    assert len(call.get("/plans", environment="staging").json()["items"]) == 3


def test_a_plan_names_its_newest_revision(stage: Stage, call: Caller) -> None:
    slug = make.plan(stage).plan.slug
    shown = call.get(f"/plans/{slug}").json()
    assert shown["revision"] == 2
    assert shown["service"] == "checkout"


def test_a_revision_shows_its_text_and_what_is_to_choose(stage: Stage, call: Caller) -> None:
    revision = make.plan(stage)
    shown = call.get(f"/plans/{revision.plan.slug}/revisions/1").json()
    assert shown["number"] == 1
    assert shown["document"] == make.canonical(make.PLAN)
    assert shown["confirmed_at"] is None
    newest = call.get(f"/plans/{revision.plan.slug}/revisions/2").json()
    assert newest["confirmed_by"]["username"] == "ada"
    assert newest["report"]["confirmed"] is True
    assert shown["sha256"] == revision.sha256
    assert set(shown["form"]) == {
        "procedures",
        "alternatives",
        "conditions",
        "parameters",
        "missing",
    }
    problem(call.get(f"/plans/{revision.plan.slug}/revisions/7"), 404, "not-found")


def test_a_text_that_is_no_utf_8_is_shown_as_it_was_read(stage: Stage, call: Caller) -> None:
    text = make.PLAN.replace("Checkout 2", "Café 2")
    revision = plans.import_document(
        text.encode("utf-16"),
        by=stage.cast.ada,
        service=stage.service,
        environment=stage.environment,
    )
    shown = call.get(f"/plans/{revision.plan.slug}/revisions/1").json()
    assert "Café 2" in shown["document"]


def test_a_host_question_is_listed_and_approved_by_its_digest_alone(
    call: Caller, stage: Stage
) -> None:
    head = "---\nmeasures:\n  - {what: calls, run: echo 7}\n---\n"
    removing = make.PLAN.replace("echo restoring", "rm -rf /srv/uploads")
    revision = make.plan(stage, head + removing)
    queue.enqueue_asking(revision, {}, why="person")
    path = f"/plans/{revision.plan.slug}/host-questions"
    (item,) = json.loads(call.get(path).content)["items"]
    assert (item["kind"], item["state"], item["account"]) == ("measure", "pending", "deploy")
    approvals = f"{path}/{item['id']}/approvals"
    body = {"sha256": item["sha256"]}
    assert call.post(approvals, body, who="dana").status_code == 403
    assert call.post(approvals, {"sha256": "0" * 64}, who="lee").status_code == 409
    answer = call.post(approvals, body, who="lee")
    assert answer.status_code == 201
    assert json.loads(answer.content)["decided_by"]["username"] == "lee"
    assert json.loads(call.get(path).content)["items"][0]["state"] == "approved"


def test_characters_that_nobody_sees_are_listed_beside_the_raw_text(
    stage: Stage, call: Caller
) -> None:
    text = TEXT.replace("echo stopping", "echo stop\N{RIGHT-TO-LEFT OVERRIDE}ping")
    made = call.post("/plans", sent(document=text)).json()
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" in made["document"]
    (hidden,) = made["hidden_characters"]
    assert (hidden["code"], hidden["name"]) == ("U+202E", "right-to-left override")
    assert any("nobody sees" in sentence for sentence in made["form"]["missing"])


def test_each_procedure_is_answered_with_its_own_verdict(call: Caller, stage: Stage) -> None:
    revision = make.plan(stage)
    queue.enqueue_asking(revision, {}, why="person")
    Host.objects.update(address="127.0.0.1", port=1)
    path = f"/plans/{revision.plan.slug}/readiness"
    assert call.get(path).json()["procedures"] == []
    make.hosts_answer()
    (only,) = call.get(path).json()["procedures"]
    assert (only["name"], only["word"], only["loss"]) == ("Rollback Steps", "not ready", "none")
    assert only["at"] is not None


def test_a_finding_is_acknowledged_and_that_is_taken_back(stage: Stage, call: Caller) -> None:
    text = make.PLAN.replace("echo restoring", "python manage.py migrate")
    made = call.post("/plans", sent(document=text)).json()
    key = next(
        each["key"] for each in made["report"]["findings"] if each["code"] == "no-working-directory"
    )
    address = f"/plans/{made['plan']}/revisions/1"
    body = {"finding": key, "reason": "The account's home is the folder."}
    response = call.post(f"{address}/acknowledgements", body)
    assert response.status_code == 201
    assert response.json()["by"]["username"] == "dana"
    problem(call.post(f"{address}/acknowledgements", body), 409, "refused")
    assert acknowledged(call, address, key)["reason"] == body["reason"]
    withdrawals = f"{address}/acknowledgements/{key}/withdrawals"
    assert call.post(withdrawals, {}).status_code == 204
    assert acknowledged(call, address, key) is None
    problem(call.post(withdrawals, {}), 409, "refused")


def acknowledged(call: Caller, address: str, key: str) -> Any:
    findings = call.get(address).json()["report"]["findings"]
    return next(each["acknowledged"] for each in findings if each["key"] == key)
