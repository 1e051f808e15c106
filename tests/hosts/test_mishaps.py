"""What a real host does to a step: a cut, sudo's children, a restart, a power failure."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.hosts.console import (
    PASSWORD,
    asked,
    await_run,
    drive,
    driving,
    log_of,
    pass_all_checks,
    run_of,
    staged,
    told,
)
from tests.hosts.machines import PATIENCE, Host, Machines
from tests.make import PLAN
from tests.toolbox.waiting import until

pytestmark = [pytest.mark.hosts, pytest.mark.django_db(transaction=True)]

# Each start leaves a line behind, whatever becomes of it afterwards.
COUNTED = "echo start >> ~/starts"
CHATTY = """n=0
until [ -e ~/enough ]; do n=$((n + 1)); echo line $n; sleep 0.01; done
echo $n > ~/lines"""
STUBBORN = "sudo sh -c 'trap : TERM; while :; do sleep 7131; done'"


def plan_with(commands: str) -> str:
    """Step 2 does this; the steps around it only say so."""
    return PLAN.replace("echo restoring", f"{COUNTED}\n{commands}")


def starts(host: Host) -> int:
    return host.sh("cat /home/deploy/starts 2>/dev/null || true").count("start")


def test_what_a_command_makes_may_be_read_as_if_a_person_had_typed_it(target: Host) -> None:
    stage = staged([target])
    rollback = drive(asked(stage, make.plan(stage, plan_with("mkdir made; touch made/file"))))
    assert rollback.state == "verifying", told(rollback)
    by_hand = target.sh("runuser -l deploy -c 'mkdir hand; touch hand/file'; echo done")
    assert by_hand == "done\n"
    modes = "stat -c %a made made/file hand hand/file"
    folder, file, *hand = target.sh(f"cd /home/deploy && {modes}").split()
    assert [folder, file] == hand


def test_a_step_runs_as_another_account_with_its_secrets_and_folder(target: Host) -> None:
    target.sh("echo 'deploy ALL=(iact) NOPASSWD: ALL' > /etc/sudoers.d/more")
    stage = staged([target])
    text = PLAN.replace(
        "```bash\necho restoring",
        '```bash user=iact cwd=/var/tmp\nid -un; pwd; printf %s "$DB_PASSWORD" | wc -c',
    )
    rollback = drive(asked(stage, make.plan(stage, text)))
    assert rollback.state == "verifying", told(rollback)
    assert log_of(rollback, 2).split() == ["iact", "/var/tmp", str(len(PASSWORD))]


def test_a_cut_in_the_middle_of_a_step_loses_and_repeats_nothing(
    machines: Machines, target: Host
) -> None:
    stage = staged([target])
    rollback = asked(stage, make.plan(stage, plan_with(CHATTY)))
    with driving(rollback):
        await_run(rollback, position=2, stored__gt=1000)
        machines.partition(target)
        try:
            away = await_run(rollback, position=2, unreachable_since__isnull=False)
            until(
                lambda: written(target) > 2 * away.stored,
                seconds=PATIENCE,
                details=lambda: told(rollback),
            )
            assert run_of(rollback, 2).state == "running"
            target.sh("touch /home/deploy/enough")
            until(lambda: lines_said(target), seconds=PATIENCE, details=lambda: told(rollback))
        finally:
            machines.heal(target)
    assert rollback.state == "verifying", told(rollback)
    lines = range(1, lines_said(target) + 1)
    assert log_of(rollback, 2) == "".join(f"line {number}\n" for number in lines)
    assert starts(target) == 1
    kinds = list(rollback.events.values_list("kind", flat=True))
    assert kinds.count("host.unreachable") == kinds.count("host.back") == 1


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("/etc/systemd", "KillUserProcesses=yes"),
        ("/etc/systemd", "KillUserProcesses = on"),
        ("/usr/lib/systemd", "KillUserProcesses=yes"),
    ],
)
def test_a_host_that_ends_what_a_login_leaves_behind_starts_nothing(
    target: Host, place: str, line: str
) -> None:
    folder = f"{place}/logind.conf.d"
    target.sh(f"mkdir -p {folder} && printf '[Login]\n{line}\n' > {folder}/ending.conf")
    target.sh("systemctl restart systemd-logind")
    stage = staged([target])
    rollback = drive(asked(stage, make.plan(stage, plan_with("echo begun"))))
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "failed"), told(rollback)
    assert "KillUserProcesses" in run_of(rollback, 1).why


def test_an_abort_ends_what_sudo_started_where_it_may(target: Host) -> None:
    allow(target, "/usr/bin/sh", "/usr/bin/kill")
    rollback, stage = stuck_in_sudo(target)
    with driving(rollback):
        until(lambda: sudo_runs(target), seconds=PATIENCE, details=lambda: told(rollback))
        steering.request_abort(rollback, by=stage.cast.dana, reason="The wrong tag")
    assert rollback.state == "aborted", told(rollback)
    assert not sudo_runs(target)
    assert run_of(rollback, 2).state == "aborted"
    proof = rollback.events.get(kind="step.finished", facts__position=2).facts
    assert (proof["state"], proof["survivors"]) == ("aborted", [])


def test_an_abort_ends_what_runs_as_another_account(target: Host) -> None:
    target.sh("echo 'deploy ALL=(iact) NOPASSWD: ALL' > /etc/sudoers.d/more")
    stage = staged([target])
    deaf = "```bash user=iact\ntrap '' TERM; while :; do sleep 7131; done"
    text = PLAN.replace("```bash\necho restoring", deaf)
    rollback = asked(stage, make.plan(stage, text))
    left = "pgrep -u iact -f 'sleep 713[1]' || true"
    with driving(rollback):
        until(lambda: target.sh(left), seconds=PATIENCE, details=lambda: told(rollback))
        steering.request_abort(rollback, by=stage.cast.dana, reason="The wrong tag")
    assert (rollback.state, run_of(rollback, 2).state) == ("aborted", "aborted"), told(rollback)
    assert not target.sh(left)


def test_an_abort_that_may_not_end_what_sudo_started_lists_it(target: Host) -> None:
    allow(target, "/usr/bin/sh")
    rollback, stage = stuck_in_sudo(target)
    with driving(rollback):
        until(lambda: sudo_runs(target), seconds=PATIENCE, details=lambda: told(rollback))
        steering.request_abort(rollback, by=stage.cast.dana, reason="The wrong tag")
    run = run_of(rollback, 2)
    assert (rollback.state, run.state) == ("aborting", "abort_unconfirmed"), told(rollback)
    assert rollback.question["kind"] == "abort_unconfirmed"
    assert sudo_runs(target)
    assert all(f"({pid})" in str(run.survivors) for pid in sudo_runs(target)), run.survivors
    target.sh(f"kill -KILL {' '.join(map(str, sudo_runs(target)))}")
    steering.answer(
        rollback, position=2, by=stage.cast.dana, answer="continue", note="Ended them as root"
    )
    assert drive(rollback).state == "aborted"


def test_a_power_failure_in_the_middle_of_a_step_is_lost_and_never_run_again(
    target: Host,
) -> None:
    stage = staged([target])
    rollback = asked(stage, make.plan(stage, plan_with("echo begun\nsleep 3600")))
    with driving(rollback):
        await_run(rollback, position=2, stored__gt=0)
        target.crash()
        target.power_on()
        target.await_boot()
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "lost"), told(rollback)
    assert run_of(rollback, 2).state == "lost"
    assert drive(rollback).state == "waiting"
    assert starts(target) == 1
    steering.answer(
        rollback, position=2, by=stage.cast.dana, answer="continue", note="The tag is out"
    )
    rollback = drive(rollback)
    assert rollback.state == "verifying", told(rollback)
    assert starts(target) == 1
    pass_all_checks(rollback, stage)
    assert drive(rollback).state == "succeeded"


def test_an_orderly_restart_in_the_middle_of_a_step_is_never_taken_for_success(
    target: Host,
) -> None:
    stage = staged([target])
    rollback = asked(stage, make.plan(stage, plan_with("echo begun\nsleep 3600")))
    with driving(rollback):
        await_run(rollback, position=2, stored__gt=0)
        target.reboot()
    assert rollback.state == "waiting", told(rollback)
    run = run_of(rollback, 2)
    # systemd ends the command with TERM first: then it said no. Else nobody can tell.
    assert (run.state, run.exit_code) in {("failed", 143), ("lost", None)}, told(rollback)
    assert rollback.question["kind"] == run.state
    assert drive(rollback).state == "waiting"
    assert starts(target) == 1


def stuck_in_sudo(host: Host) -> tuple[Rollback, make.Stage]:
    stage = staged([host])
    return asked(stage, make.plan(stage, plan_with(STUBBORN))), stage


def allow(host: Host, *programs: str) -> None:
    rule = f"deploy ALL=(root) NOPASSWD: {', '.join(programs)}"
    host.sh(f"echo '{rule}' > /etc/sudoers.d/more && chmod 440 /etc/sudoers.d/more")


def sudo_runs(host: Host) -> list[int]:
    """The processes of STUBBORN that belong to root."""
    return [int(pid) for pid in host.sh("pgrep -u root -f 'sleep 713[1]' || true").split()]


def lines_said(host: Host) -> int:
    """How many lines CHATTY said; 0 while it still talks."""
    return int(host.sh("cat /home/deploy/lines 2>/dev/null || echo 0"))


def written(host: Host) -> int:
    """Bytes of log the host holds for what runs there now."""
    logs = "/home/deploy/.local/state/rollback-console/*/log"
    return int(host.sh(f"cat {logs} | wc -c"))
