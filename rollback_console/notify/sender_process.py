"""A process that carries one message and ends: `python -m rollback_console.notify.sender_process`.

It reads one JSON object from standard input and writes one to standard output, {"problem"}.
A process of its own, because then a guard can watch every connection that any library makes,
nothing of it can last longer than its limit, and what breaks in it breaks nobody else.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from typing import Any
from urllib.parse import quote

from . import network_policy, target_urls, web_push, webhook
from .message import Rules, is_webhook

STARTING = 20.0
"""Seconds that starting and importing may take on a busy machine, beside the message's own."""

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_HTTP = 80
_TOO_LONG = "It took longer than the limit allows."


def main() -> None:
    """Carry what standard input holds."""
    order = json.load(sys.stdin)
    # Nobody may be left to end us: the sweeper that started us can be killed.
    signal.signal(signal.SIGALRM, lambda *_: _answer(_TOO_LONG))
    signal.setitimer(signal.ITIMER_REAL, STARTING)
    _answer(_check(order) if order.get("check") else _deliver(order))


def _answer(problem: str) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.stdout.write(json.dumps({"problem": problem[:500]}))
    sys.stdout.flush()
    raise SystemExit(0)


def _check(order: dict[str, Any]) -> str:
    url = str(order["url"])
    rules = Rules(allowed=tuple(order["allowed"]))
    if (why := target_urls.problem(url, rules)) or is_webhook(url):
        return why
    return "" if _plugin(url, []) else _NOT_UNDERSTOOD


def _deliver(order: dict[str, Any]) -> str:
    url = str(order["url"])
    refused = _watch(tuple(order["allowed"]), inside_only=target_urls.inside_only(url))
    problem = _carry(order)
    return refused[0] if problem and refused else problem


def _watch(allowed: tuple[str, ...], *, inside_only: bool) -> list[str]:
    """From here on no socket connects to an address that is refused; the reasons met so far."""
    met: list[str] = []

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _CONNECTS and args[1] is not None:
            place = args[1]
            address, port = place[:2] if isinstance(place, tuple) else (repr(place), 0)
            if why := network_policy.refusal(
                str(address), allowed, inside_only=inside_only or port == _HTTP
            ):
                met.append(why)
                raise network_policy.Forbidden(why)

    sys.addaudithook(hook)
    return met


def _carry(order: dict[str, Any]) -> str:
    if "public_key" in order:
        _limit(order)
        return web_push.post(order)
    return _post(order) if is_webhook(str(order["url"])) else _tell(order)


def _limit(order: dict[str, Any]) -> None:
    signal.setitimer(signal.ITIMER_REAL, float(order["seconds"]))


def _post(order: dict[str, Any]) -> str:
    _limit(order)
    return webhook.post(
        order["url"],
        payload=order["payload"],
        secret=order["secret"],
        number=order["number"],
        now=int(time.time()),
        seconds=float(order["seconds"]),
    )


def _tell(order: dict[str, Any]) -> str:
    errors = _ErrorLines()
    logging.getLogger("apprise").addHandler(errors)
    plugin = _plugin(order["url"], order["to"])
    if plugin is None:
        return _NOT_UNDERSTOOD
    _limit(order)
    if plugin.notify(body=order["text"], title=order["title"], body_format="text"):
        return ""
    return " ".join(["It was not taken.", *errors.lines])


def _plugin(url: str, to: list[str]) -> Any:
    import apprise

    if to and target_urls.is_mail(url):
        url += f"{'&' if '?' in url else '?'}to={quote(','.join(to))}"
    asset = apprise.AppriseAsset(
        app_id="Rollback Console",
        app_desc="Rollback Console",
        http_redirects=False,
        async_mode=False,
        allow_templates=False,
        secure_logging=True,
    )
    made = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    kinds = made and {*_tuple(made.protocol), *_tuple(made.secure_protocol)}
    return made if kinds and kinds <= target_urls.SERVICES.keys() else None


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


class _ErrorLines(logging.Handler):
    """What Apprise had to say, which it tells nobody else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split())[:200])


_NOT_UNDERSTOOD = (
    "Apprise does not understand this URL. Its documentation shows the form for each service."
)

if __name__ == "__main__":
    main()
