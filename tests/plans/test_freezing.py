"""From a plan and a person's choices to what would run, or to everything that is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.actions import plans
from rollback_console.plans.errors import NotReady, PlanError, UnreadablePlan
from rollback_console.plans.models import Environment, HostKey, Revision, Secret, Service
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.plans.snapshot.hidden_characters import list_hidden
from rollback_console.plans.snapshot.request_form import draw_request_form
from tests import make
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db

SEED = (Path(__file__).parent.parent / "documents" / "seed.md").read_text()


@pytest.fixture
def seed(stage: Stage) -> Revision:
    """The seed's plan with its steps bound to the one host."""
    for name in ("DB_HOST", "DB_USER", "DB_PASSWORD"):
        Secret.objects.create(environment=stage.environment, name=name, value="secret-value")
    return make.plan(stage, SEED)


def with_info(info: str) -> str:
    """The plan with these words behind the language of its first fence."""
    return PLAN.replace("```bash\necho stop", f"```bash {info}\necho stop")


def problems(revision: Revision, **choices: Any) -> list[str]:
    with pytest.raises(NotReady) as missing:
        freeze_snapshot(revision, choices)
    return missing.value.problems


def choices(revision: Revision, **changes: Any) -> dict[str, Any]:
    """All the seed leaves open, answered: by tag, with the migrations reversed."""
    form = draw_request_form(revision)
    full = {
        "procedure": form.procedures[0].key,
        "alternatives": {step.key: 1 for step in form.alternatives},
        "conditions": {step.key: "run" for step in form.conditions},
        "parameters": {each.name: VALUES.get(each.kind, "x") for each in form.parameters},
    }
    return full | changes


VALUES = {
    "commit": "4f2a91bc",
    "tag": "pre-deploy-20251112-011044",
    "file": "backup_20251112_010000.sql",
    "migration": "0007",
    "app": "users",
    "timestamp": "20251112-011044",
}


def frozen(revision: Revision, **changes: Any) -> Snapshot:
    return freeze_snapshot(revision, choices(revision, **changes))


def script(snapshot: Snapshot, title: str) -> str:
    return next(step.script for step in snapshot.steps if title in step.title)


def test_a_placeholder_for_a_password_takes_the_secret_of_its_name(stage: Stage) -> None:
    revision = make.plan(stage, PLAN.replace("echo stopping", "login -p <password>"))
    (problem,) = problems(revision, parameters={"PASSWORD": "hunter2"})
    assert "An Admin writes it as a secret PASSWORD of STAGING." in problem
    Secret.objects.create(environment=stage.environment, name="PASSWORD", value="hunter2")
    snapshot = freeze_snapshot(revision, {})
    assert snapshot.step(1).secrets == ("PASSWORD",)
    assert "PASSWORD" not in snapshot.parameters


def test_the_seed_asks_for_everything_it_leaves_open(seed: Revision) -> None:
    form = draw_request_form(seed)
    assert [step.title for step in form.alternatives] == ["Restore Code", "Restore Database"]
    assert [step.title for step in form.conditions] == ["Restore Database"]
    texts = {each.text for each in form.parameters}
    assert {
        "<previous-commit-sha>",
        "pre-deploy-YYYYMMDD-HHMMSS",
        "backup_YYYYMMDD_HHMMSS.sql",
        "<app_name>",
        "<previous_migration_number>",
    } <= texts
    assert len(form.procedures) == 2
    assert form.missing == ()


def test_nothing_of_the_seed_is_frozen_before_it_is_answered(seed: Revision) -> None:
    problem_list = problems(seed, procedure=draw_request_form(seed).procedures[0].key)
    assert any("Restore Code, has several ways" in each for each in problem_list)
    assert any("conditional" in each for each in problem_list)


def test_a_placeholder_without_a_value_is_named(seed: Revision) -> None:
    problem_list = problems(seed, **choices(seed, parameters={}))
    assert any("YYYYMMDD-HHMMSS" in each and "is missing" in each for each in problem_list)


def test_only_the_chosen_way_would_run(seed: Revision) -> None:
    by_tag = script(frozen(seed), "Restore Code")
    assert "git fetch origin" in by_tag
    assert by_tag.count("git checkout") == 1
    assert "20251112" not in by_tag, "a value never becomes shell text"


def test_the_way_not_chosen_asks_for_nothing(seed: Revision) -> None:
    snapshot = frozen(seed)
    assert "PREVIOUS_COMMIT_SHA" not in snapshot.parameters
    assert snapshot.parameters


def test_a_condition_answered_with_no_leaves_the_step_out(seed: Revision) -> None:
    step = draw_request_form(seed).conditions[0]
    snapshot = frozen(seed, conditions={step.key: "skip"})
    assert [each.title for each in snapshot.steps] == [
        "Stop Services",
        "Restore Code",
        "Restart Services",
        "Verify Rollback",
    ]
    assert [each.position for each in snapshot.steps] == [1, 2, 3, 4]


def test_a_destructive_step_has_a_gate_and_needs_more_approvals(
    seed: Revision, stage: Stage
) -> None:
    stage.environment.approvals_data = 2
    stage.environment.save()
    seed.refresh_from_db()
    snapshot = frozen(Revision.objects.get(pk=seed.pk))
    database = next(each for each in snapshot.steps if each.title == "Restore Database")
    assert database.destructive
    assert database.gate
    assert snapshot.policy.quorum == 2
    without = frozen(
        Revision.objects.get(pk=seed.pk),
        conditions={step.key: "skip" for step in draw_request_form(seed).conditions},
    )
    assert without.policy.quorum == 1


def test_variables_with_a_secret_travel_as_secrets(seed: Revision) -> None:
    form = draw_request_form(seed)
    snapshot = frozen(seed, alternatives={step.key: 0 for step in form.alternatives})
    database = next(each for each in snapshot.steps if each.title == "Restore Database")
    assert set(database.secrets) == {"DB_HOST", "DB_USER", "DB_PASSWORD"}
    assert "secret-value" not in snapshot.to_json()


def test_a_variable_nobody_sets_must_be_bound(stage: Stage) -> None:
    revision = make.plan(stage, PLAN.replace("echo stopping", "stop $UNIT"))
    assert problems(revision) == ["Step 1, Stop: $UNIT (UNIT) is missing."]
    bound = make.plan(stage, PLAN.replace("echo stopping", "stop $UNIT"), on_host=["UNIT"])
    assert freeze_snapshot(bound, {}).steps[0].environment == ()


@pytest.mark.parametrize("name", ["LD_PRELOAD", "BASH_ENV", "PYTHONPATH", "GIT_SSH_COMMAND"])
def test_a_name_that_changes_a_shell_or_a_loader_is_never_a_parameter(
    stage: Stage, name: str
) -> None:
    revision = make.plan(stage, PLAN.replace("echo stopping", f"stop ${name}"))
    sentence = next(each for each in problems(revision, parameters={name: "/tmp/x"}))
    assert sentence.startswith(f"{name} decides ")
    Secret.objects.create(environment=stage.environment, name=name, value="/tmp/x.so")
    assert problems(revision)[0].startswith(f"Step 1, Stop: {name} decides ")
    bound = make.plan(stage, PLAN.replace("echo stopping", f"stop ${name}"), on_host=[name])
    assert freeze_snapshot(bound, {}).steps[0].environment == ()


def test_a_request_may_not_slip_in_a_name_that_no_step_reads(stage: Stage) -> None:
    assert problems(make.plan(stage), parameters={"PATH": "/tmp"}) == [
        "PATH decides which programs are found, so it cannot be a value that is filled in."
    ]


@pytest.mark.parametrize(
    ("value", "says"), [("-rf", "a commit"), ("x; reboot", "a commit"), ("", "is missing")]
)
def test_a_value_that_is_no_commit_is_refused(stage: Stage, value: str, says: str) -> None:
    revision = make.plan(stage, PLAN.replace("echo restoring", "git checkout <previous-commit>"))
    problem_list = problems(revision, parameters={"PREVIOUS_COMMIT": value})
    assert len(problem_list) == 1
    assert says in problem_list[0]


@pytest.mark.parametrize("command", ["fetch origin <name>", 'fetch origin "<name>"'])
def test_a_value_that_a_command_would_read_as_an_option_is_refused(
    stage: Stage, command: str
) -> None:
    text = PLAN.replace("echo stopping", command)
    revision = make.plan(stage, text)
    (why,) = problems(revision, parameters={"NAME": "--upload-pack=reboot"})
    assert "must not begin with a dash" in why
    assert freeze_snapshot(revision, {"parameters": {"NAME": "main"}})
    within = make.plan(stage, text.replace("<name>", "x<name>"))
    assert freeze_snapshot(within, {"parameters": {"NAME": "-1b"}})


def test_a_step_without_a_host_says_where_to_bind_it(stage: Stage) -> None:
    revision = make.plan(stage, hosts="")
    assert problems(revision)[0] == "Step 1, Stop, names no host: bind it on the plan's page."


def test_an_unknown_host_is_named(stage: Stage) -> None:
    revision = make.plan(stage, PLAN.replace("```bash\necho stop", "```bash hosts=db\necho stop"))
    problem_list = problems(revision)
    assert len(problem_list) == 1
    assert "“db”" in problem_list[0]
    assert "Add it" in problem_list[0]


def test_one_misspelled_host_of_several_is_refused_with_the_nearest_name(stage: Stage) -> None:
    revision = make.plan(stage, with_info("hosts=app-1,app-l"))
    assert problems(revision) == [
        f"Step 1, Stop: “app-l” is no host or group of {stage.environment}. Did you mean “app-1”?"
        " Add it, or bind the step to another."
    ]


HEAD = "---\n{}\n---\n"
GUARD = "checks:\n  - {{check: Up, {}}}"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (
            GUARD.format("command: 'true', hosts: app-1 app-l"),
            "Did you mean “app-1”?",
        ),
    ],
)
def test_an_unknown_host_in_the_head_keeps_a_request_from_being_opened(
    stage: Stage, head: str, says: str
) -> None:
    problem = problems(make.plan(stage, HEAD.format(head) + PLAN))
    assert any(says in each for each in problem), problem


def refusal(stage: Stage, text: str) -> str:
    """Why a text cannot be confirmed."""
    revision = plans.import_document(
        text.encode(), by=stage.cast.ada, service=stage.service, environment=stage.environment
    )
    with pytest.raises(PlanError) as refused:
        plans.confirm_arrangement(revision, by=stage.cast.ada)
    return str(refused.value)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (GUARD.format("command: 'echo 3', gte: 2"), "“gte” is unknown here."),
        (GUARD.format("log: a.service, wihtout: ERROR"), "Did you mean “without”?"),
        (GUARD.format("log: a.service"), "write holds: or without:"),
        ("chekcs:\n  - {check: Up, command: 'true'}", "Did you mean “checks”?"),
        ("database: {kind: sqlite, name: /a, foldr: /b, folder: /b}", "Did you mean “folder”?"),
    ],
)
def test_a_misspelled_name_in_the_head_keeps_a_plan_from_being_confirmed(
    stage: Stage, head: str, says: str
) -> None:
    assert says in refusal(stage, HEAD.format(head) + PLAN)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("roling=1", "rolling"), ("canry", "canary"), ("destructve", "destructive"), ("gaet", "gate")],
)
def test_a_misspelled_attribute_keeps_a_plan_from_being_confirmed(
    stage: Stage, written: str, meant: str
) -> None:
    assert f"Did you mean {meant}?" in refusal(stage, with_info(written))


def test_what_other_tools_write_behind_a_fence_is_no_mistake(stage: Stage) -> None:
    info = 'title="stop.sh" linenums="1" {.numberLines}'
    freeze_snapshot(make.plan(stage, with_info(info)), {})


def test_a_host_whose_key_nobody_confirmed_is_not_used(stage: Stage) -> None:
    HostKey.objects.update(confirmed_at=None)
    assert problems(make.plan(stage)) == [
        "Nobody has confirmed a host key of app-1: confirm its fingerprint first."
    ]


def test_a_plan_with_nothing_executable_says_how_to_write_it(stage: Stage) -> None:
    revision = make.plan(
        stage, "# Rollback Plan\n\n## Rollback Steps\n\n### Step 1: Call Bob\n\nCall.\n"
    )
    assert "Nothing here can be executed" in problems(revision)[0]


def test_a_document_without_steps_says_so(stage: Stage) -> None:
    assert "has no steps" in problems(make.plan(stage, "# Lunch menu\n\nSoup.\n"))[0]


@pytest.mark.parametrize(
    "data", [b"x" * (256 * 1024 + 1), b"\x00\x01binary", b"\xff\xfe\xfd\xfc invalid \xc3\x28"]
)
def test_what_cannot_be_read_is_refused_and_nothing_is_kept(stage: Stage, data: bytes) -> None:
    with pytest.raises(UnreadablePlan):
        plans.import_document(
            data, by=stage.cast.ada, service=stage.service, environment=stage.environment
        )
    assert not Revision.objects.exists()


def test_importing_the_same_plan_again_makes_its_next_revision(stage: Stage) -> None:
    first = make.plan(stage)
    again = plans.import_document(
        PLAN.encode(), by=stage.cast.ada, service=stage.service, environment=stage.environment
    )
    assert again.plan == first.plan
    assert again.number == first.number + 1
    assert again.bindings == first.bindings


def imported(service: Service, environment: Environment, title: str, by: User) -> Revision:
    return plans.import_document(
        PLAN.encode(), by=by, service=service, environment=environment, title=title
    )


def test_a_plan_never_becomes_a_revision_of_another_service_or_title(stage: Stage) -> None:
    places = [Environment.objects.create(slug=slug, name=slug) for slug in ("prod", "eu-prod")]
    parts = [Service.objects.create(slug=slug, name=slug) for slug in ("shop-eu", "shop")]
    made = [
        imported(*place, "Rollback Plan", stage.cast.ada)
        for place in zip(parts, places, strict=True)
    ]
    made += [
        imported(parts[1], places[0], title, stage.cast.ada) for title in ("数据库回滚", "代码回滚")
    ]
    made += [imported(parts[1], places[0], "x" * 150 + end, stage.cast.ada) for end in "ab"]
    assert [each.number for each in made] == [1] * 6
    assert len({each.plan.slug for each in made}) == 6
    again = imported(parts[1], places[0], "代码回滚", stage.cast.ada)
    assert (again.plan, again.number) == (made[3].plan, 2)


def test_a_canary_is_frozen_as_its_fence_says(stage: Stage) -> None:
    plan = "# Rollback\n## Steps\n### Step 1: Go\n```bash canary\nsystemctl stop app\n```\n"
    (step,) = freeze_snapshot(make.plan(stage, plan), {}).steps
    assert step.canary


def test_a_command_with_a_character_nobody_sees_is_not_frozen_before_it_is_confirmed(
    stage: Stage,
) -> None:
    text = PLAN.replace("echo stopping", "echo stop\N{RIGHT-TO-LEFT OVERRIDE}ping\u00a0now")
    revision = make.plan(stage, text)
    first, second = list_hidden(revision)
    sentences = problems(revision)
    assert [each.sentence for each in (first, second)] == sentences
    assert sentences[0].startswith("Step 1, Stop, holds a character that nobody sees, ⟨U+202E⟩")
    assert draw_request_form(revision).missing == tuple(sentences)
    one = make.plan(stage, text, confirmed_characters=[first.key])
    assert problems(one) == [second.sentence]
    both = make.plan(stage, text, confirmed_characters=[first.key, second.key])
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" in freeze_snapshot(both, {}).steps[0].script


def test_a_value_with_a_character_nobody_sees_is_refused(stage: Stage) -> None:
    revision = make.plan(stage, PLAN.replace("echo stopping", "stop $UNIT"))
    (sentence,) = problems(revision, parameters={"UNIT": "shop\N{ZERO WIDTH SPACE}"})
    assert "holds a character that nobody sees, ⟨U+200B⟩: type it anew" in sentence


@pytest.mark.parametrize(
    "attribute", ['cwd="/srv/\N{HANGUL FILLER}app"', 'expect="ok\N{SOFT HYPHEN}"']
)
def test_a_folder_with_a_character_nobody_sees_is_refused(stage: Stage, attribute: str) -> None:
    revision = make.plan(stage, PLAN.replace("```bash", f"```bash {attribute}", 1))
    assert "holds a character that nobody sees" in problems(revision)[0]


STOPPED = PLAN.replace("```bash\necho stopping", "```bash undo=start\necho stopping").replace(
    "```bash\necho starting", "```bash id=start{}\necho starting"
)


def roles(stage: Stage, role: str) -> list[tuple[int, bool, int]]:
    snapshot = freeze_snapshot(make.plan(stage, STOPPED.format(role)), {})
    return [(each.position, each.standby, each.undo) for each in snapshot.steps]


def test_what_gives_back_what_another_step_takes_away_runs_in_its_turn_too(stage: Stage) -> None:
    both = [(1, False, 4), (2, False, 0), (3, False, 0), (4, True, 0)]
    assert roles(stage, "") == both
    assert roles(stage, " role=both") == both
    steps = freeze_snapshot(make.plan(stage, STOPPED.format("")), {}).steps
    assert (steps[3].script, steps[3].title) == (steps[2].script, f"{steps[2].title}, as an undo")


def test_what_the_console_puts_behind_a_step_has_its_number_and_a_letter(stage: Stage) -> None:
    snapshot = freeze_snapshot(make.plan(stage, STOPPED.format("")), {})
    assert [each.number for each in snapshot.steps] == ["1", "2", "3", "3a"]
    assert (
        Snapshot.from_json(snapshot.to_json().replace('"label":"3a"', '"label":""')).steps[3].number
        == "4"
    )


def test_steps_keep_their_authors_numbers_where_one_is_left_out(seed: Revision) -> None:
    skipped = {step.key: "skip" for step in draw_request_form(seed).conditions}
    snapshot = frozen(seed, conditions=skipped)
    assert [each.number for each in snapshot.steps] == ["1", "2", "4", "5"]
    assert [each.position for each in snapshot.steps] == [1, 2, 3, 4]


def test_an_author_says_that_a_step_runs_only_as_an_undo(stage: Stage) -> None:
    assert roles(stage, " role=undo") == [(1, False, 3), (2, False, 0), (3, True, 0)]


def test_two_steps_that_undo_each_other_both_run(stage: Stage) -> None:
    text = STOPPED.format(" undo=stop").replace("undo=start\n", "undo=start id=stop\n")
    steps = freeze_snapshot(make.plan(stage, text), {}).steps
    assert [each.position for each in steps if not each.standby] == [1, 2, 3]


def test_a_step_that_undoes_itself_is_not_frozen(stage: Stage) -> None:
    text = PLAN.replace("```bash\necho stopping", "```bash undo=a id=a\necho stopping")
    assert "names the step itself" in problems(make.plan(stage, text))[0]


WAYS = """\
---
plan: 1
---

# Checkout 2

## Procedure: Rollback

### Step 1: Restore

```bash hosts=app-1 cwd=/srv/app
echo shared
```

#### One of: The dump

```bash hosts=db-1 cwd=/srv/db user=dba
echo dump
```

#### One of: The code

```bash
echo code
```
"""


def test_one_of_several_ways_has_hosts_folder_and_account_of_its_own(stage: Stage) -> None:
    make.host(stage.environment, "db-1", stage.cast.ada)
    revision = make.plan(stage, WAYS)
    (step,) = freeze_snapshot(revision, {"alternatives": {"restore": 0}}).steps
    assert (step.hosts, step.cwd, step.user) == (("db-1",), "/srv/db", "dba")
    (step,) = freeze_snapshot(revision, {"alternatives": {"restore": 1}}).steps
    assert (step.hosts, step.cwd, step.user) == (("app-1",), "/srv/app", "")


BY_HAND = PLAN.replace(
    "### Step 1: Stop\n",
    "### Step 1: Tell\n\nTell <name of lead> that <release-tag> goes back to release-YYYYMMDD."
    " Done at ____.\n\n"
    "### Step 2: Check out\n\nThis checks <release-tag> out.\n\n"
    "```bash\ngit checkout <release-tag>\n```\n\n### Step 3: Stop\n",
)


def test_what_a_manual_step_leaves_open_is_asked_for(stage: Stage) -> None:
    form = draw_request_form(make.plan(stage, BY_HAND))
    assert {each.name: (each.text, each.optional, each.steps) for each in form.parameters} == {
        "RELEASE_TAG": ("<release-tag>", False, ("Check out",)),
        "LEAD": ("<name of lead>", True, ("Tell",)),
        "RELEASE_NAME": ("release-YYYYMMDD", True, ("Tell",)),
    }


def test_what_is_known_is_filled_in_where_a_person_reads_it(stage: Stage) -> None:
    values = {"RELEASE_TAG": "v1.4.2", "LEAD": "Ada"}
    snapshot = freeze_snapshot(make.plan(stage, BY_HAND), {"parameters": values})
    tell, check_out = snapshot.step(1), snapshot.step(2)
    assert tell.kind == "manual"
    assert tell.instructions == (
        "Tell Ada that v1.4.2 goes back to release-YYYYMMDD. Done at ____."
    )
    assert tell.environment == ("LEAD", "RELEASE_TAG")
    assert check_out.instructions == "This checks v1.4.2 out."
    assert 'git checkout "${RELEASE_TAG}"' in check_out.script
    assert snapshot.parameters == values


def test_a_password_in_the_words_of_a_manual_step_is_never_asked_for(stage: Stage) -> None:
    text = BY_HAND.replace("<name of lead>", "them the <admin-password> and")
    revision = make.plan(stage, text)
    form = draw_request_form(revision)
    assert [each.name for each in form.parameters] == ["RELEASE_TAG", "RELEASE_NAME"]
    assert form.secrets == ()
    values = {"RELEASE_TAG": "v1.4.2", "ADMIN_PASSWORD": "hunter2"}
    assert (
        "<admin-password>" in freeze_snapshot(revision, {"parameters": values}).step(1).instructions
    )


def test_a_mention_elsewhere_renames_no_parameter(stage: Stage) -> None:
    text = BY_HAND.replace("**Feature**", "**Release**: <release-tag>\n**Feature**")
    message = "\n## Communication\n\n### Message Template\n\n```\nBack to <release-tag>\n```\n"
    names = {each.name for each in draw_request_form(make.plan(stage, text + message)).parameters}
    assert names == {"RELEASE_TAG", "LEAD", "RELEASE_NAME"}


def test_what_a_fence_says_of_its_shell_is_part_of_what_is_approved(stage: Stage) -> None:
    plain = freeze_snapshot(make.plan(stage, PLAN), {}).step(1)
    assert (plain.strict, plain.login) == (True, False)
    step = freeze_snapshot(make.plan(stage, with_info("strict=no login")), {}).step(1)
    assert (step.strict, step.login) == (False, True)
