"""docs/production.md on hosts of one's own: one after another stops, and a rollback goes on."""

from __future__ import annotations

import http.client
import json
import ssl
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from rollback_console.rollbacks import events, log_store
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.faults.promise import becomes, comes_to, fresh, story, succeeds
from tests.faults.stage import session
from tests.hosts.company import NAME, Company, at_its_database, opened
from tests.hosts.machines import Host, Machines
from tests.hosts.viewer import Viewer
from tests.toolbox.waiting import until

pytestmark = pytest.mark.hosts

# Counts its start, then talks until it may end; the host keeps a copy of what it said.
STEP = """### Step {at}: Part {at}
```bash
echo {at} >> ~/starts
n=0
until [ -e ~/go.{at} ]; do
    n=$((n + 1))
    echo "part {at} line $n"
    sleep 0.05
done | tee ~/said.{at}
```
"""
STEPS = 6


@pytest.fixture(scope="module")
def company(
    machines: Machines, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Company]:
    made = opened(machines, tmp_path_factory.mktemp("company"))
    try:
        with at_its_database(made, django_db_blocker):
            yield made
    finally:
        machines.stop()


def plan(steps: int, title: str) -> str:
    parts = "\n".join(STEP.format(at=at) for at in range(1, steps + 1))
    return make.PLAN.replace("# Rollback Plan", f"# {title}").replace(
        make.PLAN.split("## 2. Rollback Steps\n\n", 1)[1].split("## 4.", 1)[0], f"{parts}\n"
    )


def ask(company: Company, method: str, path: str, token: str = "", **body: Any) -> tuple[int, str]:
    """What the proxy in front answers: status, and the body."""
    trust = ssl.create_default_context(cafile=str(company.certificate))
    trust.check_hostname = False
    headers = {"Host": NAME, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    caller = http.client.HTTPSConnection(company.front.ip, context=trust, timeout=60)
    try:
        caller.request(method, path, json.dumps(body) if body else None, headers)
        answer = caller.getresponse()
        return answer.status, answer.read().decode()
    finally:
        caller.close()


def approved(company: Company, stage: make.Stage, text: str, name: str) -> Rollback:
    """lee approves it through the proxy, and a web process tells the workers."""
    rollback = make.requested(stage, text)
    _, token = make.token(stage.cast.lee, name=name, scopes=("approve",), days=1)
    where = f"/api/v1/rollbacks/{rollback.pk}/approvals"
    status, reply = ask(company, "POST", where, token, snapshot_sha256=rollback.snapshot_sha256)
    assert status == 201, reply
    return rollback


def go(target: Host, position: int) -> None:
    target.sh(f"touch /home/deploy/go.{position}")


def speaks(rollback: Rollback, position: int) -> None:
    half = rollback.runs.filter(position=position, state="running", stored__gt=0)
    until(half.exists, f"step {position} speaks", details=lambda: story(rollback))


def carries_the_socket(company: Company) -> Host:
    """The web host that the proxy keeps a connection to."""
    look = "ss -Htn state established '( sport = :8000 )' | grep -c . || true"
    owner_found = until(
        lambda: [host for host in company.webs if host.sh(look).strip() != "0"], "it is served"
    )
    return owner_found[0]


def drives(company: Company, rollback: Rollback) -> Host:
    """The host whose process holds the lease."""
    owner = until(lambda: fresh(rollback).lease_owner, "somebody drives it")
    (owner_found,) = [host for host in company.ours if host.name == owner.split(":")[0]]
    return owner_found


def test_one_after_another_stops_and_the_rollback_ends_true(company: Company) -> None:
    # Whom the page's command has made the owner.
    assert User.objects.filter(username="ada").update(username="owner") == 1
    stage = make.stage(address=company.target.address())
    rollback = approved(company, stage, plan(STEPS, "Ordeal"), "first")
    viewer = Viewer(company, rollback.pk, session(stage.cast.lee))
    viewer.start()
    try:
        lost_web = a_web_host_fails(company, rollback, viewer)
        lost_worker = the_driving_worker_fails(company, rollback)
        redis_stops(company, rollback)
        mariadb_stops(company, rollback)
        the_sweeper_stops(company, rollback)
        succeeds(rollback, stage)
        until(
            lambda: viewer.kinds[-1:] == ["rollback.finished"], "all is shown", details=company.told
        )
    finally:
        viewer.leave()
    it_ended_true(company, rollback)
    the_viewer_saw_all_of_it(rollback, viewer)
    # The stage was made, and the owner renamed, in the database itself.
    verified = company.sweeper.sh("rollback-console-manage verify_audit --accept-rows")
    assert "Every event is as it was written." in verified
    they_come_back(company, [lost_web, lost_worker])
    both_workers_hear_again(company, stage)
    an_upgrade_costs_nothing(company, stage)


def a_web_host_fails(company: Company, rollback: Rollback, viewer: Viewer) -> Host:
    speaks(rollback, 1)
    until(lambda: viewer.texts, "the viewer reads along", details=company.told)
    served, greeted = carries_the_socket(company), viewer.greetings
    served.crash()
    until(lambda: viewer.greetings > greeted, "the other one greets", details=company.told)
    (token,) = viewer.texts
    length = len(viewer.texts[token])
    until(lambda: len(viewer.texts[token]) > length, "it reads on", details=company.told)
    assert ask(company, "GET", "/healthz")[0] == 200
    go(company.target, 1)
    return served


def the_driving_worker_fails(company: Company, rollback: Rollback) -> Host:
    speaks(rollback, 2)
    driver, fence = drives(company, rollback), fresh(rollback).fence
    assert driver in company.workers, "a worker heard of the approval"
    driver.crash()
    until(
        lambda: fresh(rollback).fence > fence, "another adopts it", details=lambda: story(rollback)
    )
    assert company.target.sh("cat /home/deploy/starts").split() == ["1", "2"]
    go(company.target, 2)
    return driver


def redis_stops(company: Company, rollback: Rollback) -> None:
    speaks(rollback, 3)
    company.data.sh("systemctl stop redis-server")
    assert json.loads(ask(company, "GET", "/readyz")[1])["broker"] == "missing"
    go(company.target, 3)
    speaks(rollback, 4)
    company.data.sh("systemctl start redis-server")


def mariadb_stops(company: Company, rollback: Rollback) -> None:
    # Its socket would wake it up again at the first call.
    company.data.sh("systemctl stop mariadb.socket mariadb")
    until(
        lambda: '"database": "missing"' in ask(company, "GET", "/readyz")[1],
        "it is missed",
        details=lambda: ask(company, "GET", "/readyz"),
    )
    assert ask(company, "GET", "/healthz")[0] == 200
    go(company.target, 4)
    until(lambda: company.target.sh("pgrep -c tee || true").strip() == "0", "step 4 ends untold")
    assert company.target.sh("cat /home/deploy/starts").split() == ["1", "2", "3", "4"]
    company.data.sh("systemctl start mariadb")
    connection.close()  # this test's own went with the server
    becomes(rollback, 4, "succeeded")


def the_sweeper_stops(company: Company, rollback: Rollback) -> None:
    speaks(rollback, 5)
    company.sweeper.sh("systemctl stop rollback-console-sweeper")
    go(company.target, 5)
    speaks(rollback, 6)
    go(company.target, 6)
    comes_to(rollback, "verifying")
    company.sweeper.sh("systemctl start rollback-console-sweeper")


def it_ended_true(company: Company, rollback: Rollback) -> None:
    begun = Counter(company.target.sh("cat /home/deploy/starts").split())
    assert begun == {str(at): 1 for at in range(1, STEPS + 1)}
    for run in rollback.runs.all():
        assert (run.state, run.attempt) == ("succeeded", 1), story(rollback)
        assert log_store.read_log(run).decode() == company.target.sh(
            f"cat /home/deploy/said.{run.position}"
        )
    assert not list(events.flaws())


def the_viewer_saw_all_of_it(rollback: Rollback, viewer: Viewer) -> None:
    assert viewer.kinds == list(rollback.events.order_by("seq").values_list("kind", flat=True))
    for run in rollback.runs.all():
        assert viewer.texts[str(run.token)] == log_store.read_log(run).decode()


def they_come_back(company: Company, hosts: list[Host]) -> None:
    """Switched on again, each does by itself what it did before."""
    for host in hosts:
        host.power_on()
    for host in hosts:
        host.await_boot()
    for host in company.webs:
        until(partial(company.ready, host), f"{host.name} is ready", details=company.told)
    for host in company.ours:
        failed = host.sh("systemctl --failed --plain --no-legend list-units 'rollback-console-*'")
        assert not failed, company.told()


def both_workers_hear_again(company: Company, stage: make.Stage) -> None:
    """With no sweeper to fall back on, what is approved is still driven at once."""
    company.sweeper.sh("systemctl stop rollback-console-sweeper")
    for number, worker in enumerate(company.workers):
        (other,) = [host for host in company.workers if host is not worker]
        other.sh("systemctl stop 'rollback-console-worker@*'")
        company.target.sh("rm -f /home/deploy/go.1")
        rollback = approved(company, stage, plan(1, f"Again {number}"), f"again-{number}")
        speaks(rollback, 1)
        assert drives(company, rollback) is worker
        go(company.target, 1)
        comes_to(rollback, "verifying")
        Rollback.objects.filter(pk=rollback.pk).update(state="succeeded")
        rollback.lock.delete()
        other.sh("systemctl start rollback-console-worker@1")


def an_upgrade_costs_nothing(company: Company, stage: make.Stage) -> None:
    """Host by host, under a step that runs meanwhile."""
    company.target.sh("rm -f /home/deploy/go.1 /home/deploy/starts")
    rollback = approved(company, stage, plan(1, "Upgraded"), "upgraded")
    speaks(rollback, 1)
    fence = fresh(rollback).fence
    for host in company.ours:
        company.upgrade(host)
    for host in company.webs:
        until(partial(company.ready, host), f"{host.name} is ready", details=company.told)
    assert fresh(rollback).fence > fence, "a new process drives it"
    go(company.target, 1)
    comes_to(rollback, "verifying")
    assert company.target.sh("cat /home/deploy/starts").split() == ["1"]
