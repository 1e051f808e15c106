"""`deployed SERVICE ENVIRONMENT VERSION`: a deployment that is over, recorded over the API."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .client import ApiProblem, Client, read_token

HELP = "record a deployment that ended, over the API"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the pipeline knows of it."""
    for name in ("service", "environment", "version"):
        parser.add_argument(name, metavar=name.upper())
    parser.add_argument("--server", required=True, help="such as https://console.example.org")
    parser.add_argument("--token-file", required=True, type=Path, help="file with an API token")
    parser.add_argument("--failed", action="store_true", help="it failed")
    for name, what in _FACTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", default="", help=what)
    parser.add_argument(
        "--document",
        type=Path,
        action="append",
        default=[],
        help="file with its rollback plan, a checklist, or its deployment or monitoring plan; "
        "once for each",
    )


_FACTS = {
    "commit": "what was deployed",
    "previous_commit": "what ran before",
    "tag": "a tag to go back to",
    "dump": "path of a dump on the host that restores it",
    "deployed_by": "who did it",
    "link": "page of the pipeline",
}


def record(arguments: argparse.Namespace) -> int:
    """Do it: 0 when it is on record, 1 with a sentence on standard error when not."""
    try:
        client = Client(arguments.server, read_token(arguments.token_file))
        made = client.post("/deployments", _body(arguments))
        outcome = "failed" if arguments.failed else "succeeded"
        client.post(f"/deployments/{made['id']}/finished", {"outcome": outcome})
    except ApiProblem as error:
        sys.stderr.write(f"{error}\n")
        return 1
    place = f"{made['version']} to {made['environment']}"
    sys.stdout.write(f"Deployment {made['id']} of {place} is on record.\n")
    return 0


def _body(arguments: argparse.Namespace) -> dict[str, object]:
    names = ("service", "environment", "version", *_FACTS)
    body = {name: value for name in names if (value := getattr(arguments, name))}
    if texts := [_read(path) for path in arguments.document]:
        body["document"], body["documents"] = texts[0], texts[1:]
    return body


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ApiProblem(f"{path} cannot be read: {error}") from error
