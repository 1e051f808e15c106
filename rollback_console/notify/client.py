"""Handing a message to a courier: blocks for as long as `Rules.seconds` at most."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import target_urls
from .message import Letter, Push, Receipt, Rules, is_webhook

_ROOT = Path(__file__).resolve().parents[2]
_STARTING = 25.0
"""Seconds beside the message's own; a courier ends itself before."""


def send(letter: Letter, rules: Rules) -> Receipt:
    """Send one message; never raises for what the other side or the network does."""
    return Receipt(
        _courier(
            {
                "url": letter.url,
                "number": letter.number,
                "title": letter.title,
                "text": letter.text,
                "payload": letter.payload,
                "secret": letter.secret,
                "to": list(letter.to),
            },
            rules,
        )
    )


def push(note: Push, rules: Rules) -> Receipt:
    """Send one push notification; never raises for what the other side or the network does."""
    return Receipt(_courier(asdict(note), rules))


def problem_with(url: str, rules: Rules) -> str:
    """Why messages cannot go to a URL, as a sentence; "" when nothing speaks against it."""
    why = target_urls.problem(url, rules)
    return why if why or is_webhook(url) else _courier({"url": url, "check": True}, rules)


def _courier(order: dict[str, Any], rules: Rules) -> str:
    order |= {"allowed": list(rules.allowed), "seconds": rules.seconds}
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.sender_process"],
            input=json.dumps(order).encode(),
            capture_output=True,
            env=_environment(rules),
            timeout=rules.seconds + _STARTING,
            check=False,
        )
        return str(json.loads(done.stdout)["problem"])
    except subprocess.TimeoutExpired:
        return "It took longer than the limit allows."
    except (OSError, ValueError, KeyError):
        return "The message could not be sent: its process broke off. Try again."


def _environment(rules: Rules) -> dict[str, str]:
    """No proxy, no credential and no secret of ours reaches a plugin."""
    own = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT), "HOME": "/nonexistent"}
    return own | (
        {"SSL_CERT_FILE": rules.ca_file, "REQUESTS_CA_BUNDLE": rules.ca_file}
        if rules.ca_file
        else {}
    )
