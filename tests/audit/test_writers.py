"""The actions are the only writers of the tables of the configuration."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import rollback_console

ROOT = Path(rollback_console.__file__).parent
TABLES = {
    "Acknowledgement",
    *("Credential", "DecisionMaker", "Delegation", "Environment", "Host", "HostGroup", "HostKey"),
    *("Integration", "IssueTracker", "Pin", "Plan", "Revision", "Secret", "Service", "Target"),
    *("ConfigurationEvent", "StreamAnchor"),
}
RELATED = {
    "acknowledgements",
    *("hosts", "host_groups", "groups", "keys", "secrets", "decision_makers", "delegations"),
    *(
        "integrations",
        "targets",
        "pins",
        "plans",
        "revisions",
        "host_questions",
        "lent",
        "borrowed",
    ),
}
WRITES = {
    *("save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create"),
    *("update_or_create", "asave", "acreate", "aupdate", "adelete", "save_m2m"),
}
RELATED_WRITES = WRITES | {"add", "set", "remove", "clear"}
WRITERS = (
    *("plans/actions/", "rollbacks/actions/", "outbox/actions/", "postmortems/actions/"),
    "proposals/actions/",
)
OTHERS = ("audit/", "access/actions/")
# Values that are not rows: an answer kept for its repetition, state of the demo's own processes.
DOORS = ("web/", "api/", "cli/", "live/", "demo/", "local/")


def test_nobody_else_writes_a_table_of_the_configuration() -> None:
    assert list(outsiders()) == []


def test_no_form_of_a_table_saves_itself() -> None:
    saved = [f"{name}:{call.lineno}" for name, call in calls() if is_form_save(name, call)]
    assert saved == []


def test_this_test_sees_a_write() -> None:
    for line in ("Host.objects.filter(pk=1).update(name='x')", "host.groups.set([])"):
        (call,) = [each for each in ast.walk(ast.parse(line)) if is_write(each)]
        assert call


def outsiders() -> Iterator[str]:
    for name, call in calls():
        if not name.startswith(WRITERS + OTHERS) and is_write(call):
            yield f"{name}:{call.lineno} {ast.unparse(call)[:80]}"


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(ROOT.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if "migrations/" in name:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield name, node


def is_write(node: ast.AST) -> bool:
    """A writing call that begins at a table of the configuration, or at rows that hang on one."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    chain = list(links(node.func.value))
    if node.func.attr in WRITES and chain[-1] in TABLES:
        return True
    related = node.func.attr in RELATED_WRITES and len(chain) > 1 and chain[0] in RELATED
    return related or (node.func.attr in WRITES and bool(RELATED & set(chain[:-1])))


def links(node: ast.AST) -> Iterator[str]:
    """The names of a chain of attributes and calls, the last first."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.func if isinstance(node, ast.Call) else node.value
    yield node.id if isinstance(node, ast.Name) else ""


def is_form_save(name: str, call: ast.Call) -> bool:
    """`form.save()` of a form of a table, or `row.save()` and `row.delete()`, at a door."""
    if not (name.startswith(DOORS) and isinstance(call.func, ast.Attribute)):
        return False
    if call.func.attr not in ("save", "delete"):
        return False
    owner = list(links(call.func.value))[-1]
    return (name, owner) not in NOT_ROWS and not ast.unparse(call).startswith("super()")


# What has a `save` and is no row: a plan's document (the form calls an action), the demo's files.
NOT_ROWS = {
    ("web/views/plans/plan.py", "form"),
    ("web/views/plans/revisions.py", "form"),
    ("api/idempotency.py", "mine"),
    ("api/idempotency.py", "IdempotentReply"),
    ("demo/build.py", "state"),
    ("demo/build.py", "unit"),
    ("demo/host.py", "self"),
}
