"""Commands of the pages that cannot run in an empty folder: why, and what runs them instead.

By page and heading. `test` is the file of tests/ that runs the very text, or what it stands for;
empty where running it would prove nothing that the test suite does not.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One row of the table."""

    page: str
    heading: str
    why: str
    test: str


_HOSTS = "It changes a whole host: packages, units, servers."
_TOPOLOGY = "hosts/test_topology.py"

TABLE = [
    Row("README.md", "Try it", "It starts everything, or is the suite itself.", "local/test_up.py"),
    Row("start.md", "The first ten minutes", "It runs until Ctrl-C.", "local/test_up.py"),
    Row("start.md", "A console of your own", "It runs until Ctrl-C.", "local/test_up.py"),
    Row(
        "plans.md",
        "Checked where plans live",
        "It ends with 1 where there are findings.",
        "documents/test_check.py",
    ),
    Row("contributing.md", "The short loop", "It is the suite itself.", ""),
    Row("api.md", "Coming in", "It needs a web process and a token.", "api/test_access.py"),
    Row("api.md", "After a deployment", "It is cut short.", "api/test_examples.py"),
    Row("admin.md", "Many hosts at once", "It needs an inventory.", "plans/test_host_lists.py"),
    Row(
        "configuration.md",
        "The configuration as a document",
        "It needs a document.",
        "configuration/test_configuration.py",
    ),
    Row("backup.md", "Back up", "It needs a MariaDB.", "operations/test_backup.py"),
    Row("backup.md", "Restore", "It needs a MariaDB.", "operations/test_backup.py"),
    Row("deployments.md", "Recording one", "It needs a token.", "api/test_deployments.py"),
    Row("messages.md", "Anything else", "It needs an integration.", "docs/test_messages.py"),
    Row("monitoring.md", "Spans and errors", "It installs packages.", "config/test_telemetry.py"),
    Row("operator.md", "Without the page", "It needs a rollback.", "cli/test_acts.py"),
    Row("postmortems.md", "Archives", "It needs an archive.", "postmortems/test_archive.py"),
    Row("production.md", "Running it for real", "Each runs until it is ended.", _TOPOLOGY),
    Row("production.md", "In containers", "It needs Docker.", "operations/test_containers.py"),
    Row("production.md", "The program", _HOSTS, _TOPOLOGY),
    Row("production.md", "The units", _HOSTS, _TOPOLOGY),
    Row("production.md", "The secrets", _HOSTS, _TOPOLOGY),
    Row("production.md", "The host of MariaDB and Redis", _HOSTS, _TOPOLOGY),
    Row("production.md", "The tables", _HOSTS, _TOPOLOGY),
    Row("production.md", "A web host", _HOSTS, _TOPOLOGY),
    Row("production.md", "A worker host", _HOSTS, _TOPOLOGY),
    Row("production.md", "The sweeper and the nightly timer", _HOSTS, _TOPOLOGY),
    Row("production.md", "The host of nginx", _HOSTS, _TOPOLOGY),
    Row("production.md", "Upgrades", _HOSTS, _TOPOLOGY),
]  # fmt: skip
