"""Which message URLs are taken, what a page may show of them, and which host they name."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from .message import Rules, is_webhook
from .network_policy import host_refusal

SERVICES = {
    "mailto": "mail",
    "mailtos": "mail",
    "slack": "Slack",
    "workflow": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "discord": "Discord",
    "mmost": "Mattermost",
    "mmosts": "Mattermost",
    "rocket": "Rocket.Chat",
    "rockets": "Rocket.Chat",
    "gchat": "Google Chat",
    "wxteams": "Webex",
    "webex": "Webex",
    "zulip": "Zulip",
    "matrix": "Matrix",
    "matrixs": "Matrix",
    "tgram": "Telegram",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
    "pover": "Pushover",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "gotify": "Gotify",
    "gotifys": "Gotify",
}
"""Apprise schemes that may be used, and what people call them."""

MAIL = frozenset({"mailto", "mailtos"})

# Schemes that send to the host that their URL names; `True` where they encrypt.
_OWN_HOST = {
    "mmost": False,
    "mmosts": True,
    "rocket": False,
    "rockets": True,
    "matrix": False,
    "matrixs": True,
    "gotify": False,
    "gotifys": True,
    "ntfys": True,
    "mailto": False,
    "mailtos": True,
    "workflow": True,
    "workflows": True,
}
# Neither files of this machine (template, pgp) nor a way around certificates or our limits.
_ARGUMENTS = frozenset({
    "to", "cc", "bcc", "from", "name", "smtp", "user", "pass", "mode", "reply", "format",
    "botname", "channel", "channels", "team", "token", "key", "workspace", "api-version", "id",
    "sig", "ver", "sp", "sv", "pa", "powerautomate", "image", "footer", "severity", "group",
    "class", "region", "priority", "tags", "thread", "topic", "silent", "version", "path", "tts",
    "avatar", "blocks", "url",
})  # fmt: skip


def problem(url: str, rules: Rules) -> str:
    """Why a URL is not taken, as far as it tells by itself; "" when it is."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return "This is not a URL."
    if is_webhook(url):
        return _webhook_problem(parts.hostname, parts.scheme.lower(), parts.username, rules)
    if parts.scheme.lower() not in SERVICES:
        names = ", ".join(sorted(SERVICES))
        return f"Give https:// for a webhook, or an Apprise URL with one of these: {names}."
    return _argument_problem(parts.query) or _host_problem(url, rules)


def masked(url: str) -> str:
    """What a page may show: the service, and for one of your own the host; no more."""
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    host = parts.hostname if is_webhook(url) or scheme in _OWN_HOST else None
    return f"{scheme}://{host}/…" if host else f"{scheme}://…"


def is_mail(url: str) -> bool:
    """Whether a URL sends mail, whose recipients may be added."""
    return urlsplit(url.strip()).scheme.lower() in MAIL


def names_others(url: str) -> bool:
    """Whether mail sent by a URL goes to more than the addresses that are added to it."""
    parts = urlsplit(url.strip())
    copies = {name.lower() for name, _ in parse_qsl(parts.query)} & {"cc", "bcc"}
    return bool(copies or parts.path.strip("/"))


def inside_only(url: str) -> bool:
    """Whether nothing protects what is sent on its way, so that it must stay inside."""
    scheme = urlsplit(url.strip()).scheme.lower()
    return scheme == "http" or not _OWN_HOST.get(scheme, True)


def _webhook_problem(host: str | None, scheme: str, user: str | None, rules: Rules) -> str:
    if not host:
        return "This URL names no host."
    if user is not None:
        return "Leave name and password out of the URL: what is sent is signed instead."
    return host_refusal(host, rules.allowed, inside_only=scheme == "http")


def _argument_problem(query: str) -> str:
    names = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    if unknown := sorted(names - _ARGUMENTS):
        return f"These settings in the URL are not allowed here: {', '.join(unknown)}."
    return ""


def _host_problem(url: str, rules: Rules) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in _OWN_HOST:
        return ""
    host = dict(parse_qsl(parts.query)).get("smtp") or parts.hostname or ""
    return host_refusal(host, rules.allowed, inside_only=inside_only(url)) if host else ""
