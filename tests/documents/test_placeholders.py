"""What is something to fill in, and what only looks like it."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.placeholders.find import find_placeholders, find_uses

FOUND = [
    ("git checkout <previous-commit-sha>", "<previous-commit-sha>", "commit", "PREVIOUS_COMMIT_SHA"),
    ("git checkout <commit's hash>", "<commit's hash>", "commit", "COMMIT_S_HASH"),
    ("git checkout pre-deploy-YYYYMMDD-HHMMSS", "YYYYMMDD-HHMMSS", "tag", "PRE_DEPLOY_TAG"),
    ("mysql x < backup_YYYYMMDD_HHMMSS.sql", "YYYYMMDD_HHMMSS", "file", "BACKUP_FILE"),
    ("psql x < backup_[timestamp].sql", "[timestamp]", "file", "BACKUP_FILE"),
    ("tar xf /backups/site_{timestamp}.tgz", "{timestamp}", "file", "SITE_FILE"),
    ("psql x < respaldo_AAAAMMDD.sql", "AAAAMMDD", "file", "RESPALDO_FILE"),
    ("kubectl rollout undo deploy/<app|worker>", "<app|worker>", "app", "APP_WORKER"),
    ("helm rollback app {{REVISION}}", "{{REVISION}}", "number", "REVISION"),
    ("helm rollback app REVISION", "REVISION", "number", "REVISION"),
    ("deploy ${{ values.ns }}", "${{ values.ns }}", "text", "VALUES_NS"),
    ("docker pull app:vX.Y.Z", "vX.Y.Z", "version", "VERSION"),
    ("git checkout v1.2.x", "v1.2.x", "tag", "VERSION"),
    ("cp /path/to/dump.sql .", "/path/to/dump.sql", "file", "PATH_TO_DUMP_SQL"),
    ("cd /path/to/app", "/path/to/app", "directory", "PATH_TO_APP"),
    ("alembic downgrade <revision>", "<revision>", "migration", "REVISION"),
    ("rails db:rollback STEP=<n>", "<n>", "number", "N"),
    ("systemctl restart <service>", "<service>", "unit", "SERVICE"),
    ("curl https://<host>/health", "<host>", "host", "HOST"),
    ("restore --to XXX", "XXX", "text", "XXX"),
    ("kubectl -n your-namespace get pods", "your-namespace", "text", "NAMESPACE"),
    ("login -p <password>", "<password>", "secret", "PASSWORD"),
    ("mv \\<old\\> x", "\\<old\\>", "text", "OLD"),
    ("run <path>", "<path>", "directory", "PATH_VALUE"),
    ("docker pull app:«version précédente»", "«version précédente»", "version", "VERSION_PRECEDENTE"),
    ("git checkout <上一个版本>", "<上一个版本>", "tag", "VALUE"),
]  # fmt: skip
NOT = [
    "mysql app < backup.sql", "cat <<EOF\nx\nEOF", "sort <in >out", "echo $VAR ${VAR} $(date +%F)",
    "kubectl get pods -o jsonpath='{.items[0].metadata.name}'", "grep '<none>'", "[[ -f x ]] && [ -n y ]",
    "git reset HEAD~1", "git show HEAD@{1}", "awk '{print $1}' f", "docker inspect -f '{{.State.Running}}' x",
    "echo {a,b}", "mktemp /tmp/x.XXXXXX", "grep [g]unicorn", "tr '[a-z]' '[A-Z]'", "echo '[INFO] go'",
    "export VERSION=$(cat v)", "curl <https://example.com>", "python __init__.py", "cmp <(a) <(b)",
    "SELECT to_char(now(), 'YYYYMMDD')", "x=${arr[index]}", "find . -exec ls {} +",
    "echo « tout va bien »",
]  # fmt: skip


@pytest.mark.parametrize(("text", "placeholder", "kind", "name"), FOUND)
def test_a_placeholder_has_its_text_kind_and_name(
    text: str, placeholder: str, kind: str, name: str
) -> None:
    assert [(one.text, one.kind.value, one.name) for one in find_uses(text)] == [
        (placeholder, kind, name)
    ]


@pytest.mark.parametrize("text", NOT)
def test_shell_text_that_only_looks_like_one_is_left_alone(text: str) -> None:
    assert [one.text for one in find_uses(text)] == []


@pytest.mark.parametrize(
    "text",
    ["- [ ] done", "[guide](https://example.org/x)", "![chart](x.png)", "a <br> b", "[x] yes"],
)
def test_markdown_is_no_placeholder(text: str) -> None:
    assert find_placeholders(text) == ()


def test_a_comment_asks_for_nothing() -> None:
    assert find_uses("ls # of <somebody>\n# <nobody>\n") == ()


def test_one_name_stands_for_one_value_wherever_it_is_used() -> None:
    plan = read(
        "# Rollback\n## Rollback steps\n```sh\ngit checkout <tag>\ndocker pull app:<tag>\n"
        "psql a < a_YYYYMMDD.sql\npsql b < b_YYYYMMDD.sql\n```\n"
    )
    assert [(one.name, one.unit, one.lines) for one in plan.placeholders] == [
        ("TAG", "<tag>", (4, 5)),
        ("A_FILE", "a_YYYYMMDD.sql", (6,)),
        ("B_FILE", "b_YYYYMMDD.sql", (7,)),
    ]


def test_two_units_never_share_a_name() -> None:
    plan = read(
        "# Rollback\n## Rollback steps\n```sh\nuse <the-tag>\nuse [the tag]\nuse {{the_tag}}\n```\n"
    )
    assert [one.name for one in plan.placeholders] == ["TAG", "TAG_2", "TAG_3"]
