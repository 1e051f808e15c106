"""`watch`, `approve` and `abort` of the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from .client import ApiProblem, Client, read_token
from .watch import Watch

_SHA256 = re.compile(r"[0-9a-f]{64}")


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Let the command line know them."""
    for name, (_, what) in VERBS.items():
        parser = verbs.add_parser(name, help=what, description=what)
        parser.add_argument("number", type=int, help="number of the rollback")
        parser.add_argument("--server", required=True, help="such as https://console.example.org")
        parser.add_argument("--token-file", required=True, type=Path, help="file with an API token")
        _OWN[name](parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it: 0 when it went well, 1 with a sentence on standard error when not."""
    try:
        client = Client(arguments.server, read_token(arguments.token_file))
        return VERBS[arguments.verb][0](client, arguments)
    except ApiProblem as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nNo longer watching; the rollback goes on.", file=sys.stderr)
        return 130


def _watch(client: Client, arguments: argparse.Namespace) -> int:
    state = Watch(client, arguments.number, _say, whole=arguments.whole).follow()
    _say(f"Rollback {arguments.number} {state}.")
    return 0 if state == "succeeded" else 1


def _approve(client: Client, arguments: argparse.Namespace) -> int:
    if not _SHA256.fullmatch(arguments.snapshot):
        raise ApiProblem(
            "Give --snapshot as the whole hash of what you read: 64 characters, on its page and "
            "in the API's snapshot_sha256."
        )
    body = {"snapshot_sha256": arguments.snapshot, "note": arguments.note}
    given = client.post(f"/rollbacks/{arguments.number}/approvals", body)
    _say(f"Approved rollback {arguments.number} as {given['role']}.")
    return 0


def _abort(client: Client, arguments: argparse.Namespace) -> int:
    if not arguments.reason.strip():
        raise ApiProblem("Give a --reason: it goes on record.")
    client.post(f"/rollbacks/{arguments.number}/abort-requests", {"reason": arguments.reason})
    _say("Aborting: what runs is stopped on its host. The proof comes with `watch`.")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


VERBS: dict[str, tuple[Callable[[Client, argparse.Namespace], int], str]] = {
    "watch": (_watch, "follow a rollback on the terminal, over the API"),
    "approve": (_approve, "say yes to exactly the snapshot you read, over the API"),
    "abort": (_abort, "end a rollback where it is, over the API"),
}
_OWN: dict[str, Callable[[argparse.ArgumentParser], object]] = {
    "watch": lambda parser: parser.add_argument(
        "--whole", action="store_true", help="every log from its beginning, not only what is new"
    ),
    "approve": lambda parser: (
        parser.add_argument("--snapshot", required=True, help="SHA-256 of what you read"),
        parser.add_argument("--note", default="", help="a comment, recorded in the timeline"),
    ),
    "abort": lambda parser: parser.add_argument(
        "--reason", required=True, help="the reason, recorded in the timeline"
    ),
}
