"""The service's repository: two tagged releases, the same commits wherever they are made."""

from __future__ import annotations

from pathlib import Path

from .layout import Layout
from .run import call

TEMPLATES = Path(__file__).with_name("service")
RELEASES = (
    ("1.4.0", "base", "Release 1.4.0", "2026-01-12T09:30:00+00:00"),
    ("1.5.0", "next", "Hold deposits with bookings", "2026-02-03T16:05:00+00:00"),
)
OLD, NEW = RELEASES[0][0], RELEASES[1][0]
_AUTHOR = {"NAME": "Bookings Team", "EMAIL": "bookings@example.org"}


def make_repository(layout: Layout) -> None:
    """A bare repository with both releases, and a checkout of the older one."""
    layout.app.mkdir(parents=True)
    git(layout, "init", "-q", "--template=")
    git(layout, "symbolic-ref", "HEAD", "refs/heads/main")
    for tag, folder, message, date in RELEASES:
        _lay(TEMPLATES / folder, layout.app)
        git(layout, "add", "--all")
        git(layout, "commit", "-q", "-m", message, date=date)
        git(layout, "tag", tag)
    git(layout, "clone", "-q", "--bare", "--template=", str(layout.app), str(layout.origin))
    git(layout, "remote", "add", "origin", str(layout.origin))
    git(layout, "config", "advice.detachedHead", "false")
    git(layout, "checkout", "-q", OLD)


def git(layout: Layout, *words: str, date: str = "") -> None:
    """One git command in the checkout, with nobody's settings but the repository's."""
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in {**_AUTHOR, "DATE": date}.items()
        if value
    }
    environment = {**layout.environment(), "GIT_CONFIG_GLOBAL": "/dev/null", **who}
    call(["git", *words], env=environment, cwd=layout.app)


def _lay(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*-tpl")):
        file = target / path.relative_to(source).with_name(path.name.removesuffix("-tpl"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(path.read_bytes())
