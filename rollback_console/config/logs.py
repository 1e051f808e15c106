"""How every process writes its log: one line an entry, for people or, as JSON, for programs.

Layer: the top: settings.py and gunicorn's configuration read it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.types import EventDict, Processor, WrappedLogger

FORMATS = ("line", "json")

_SECRET_PARTS = re.compile(
    r"((?i:/(?:status|invitations|hooks)/+))[^\s\"'<>?/]+|([\w/]\?)[^\s\"'<>]+"
)


def mask_addresses(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Leave out what stands in addresses and opens something: links of status pages and of
    invitations, queries."""
    for name, value in entry.items():
        if isinstance(value, str) and ("/" in value or "?" in value):
            entry[name] = _SECRET_PARTS.sub(r"\1\2…", value)
    return entry


# What is bound around a piece of work (the rollback, the run, the request) stands in each entry.
_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    mask_addresses,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
]


AUDIT = "rollback_console.audit"
"""What writes a line for each change of the configuration."""


def configuration(form: str, level: str, *, audit_syslog: str = "") -> dict[str, Any]:
    """The standard library's LOGGING; the audit's lines go to a syslog collector as well.

    Raises ImproperlyConfigured for an unknown form or a collector that is no IP:PORT.
    """
    if form not in FORMATS:
        raise ImproperlyConfigured(f"LOG_FORMAT must be one of {', '.join(FORMATS)}, not {form}.")
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging = _logging(form, level)
    if audit_syslog:
        logging["formatters"]["syslog"] = _formatter("json")
        logging["handlers"]["syslog"] = {
            "class": "logging.handlers.SysLogHandler",
            "address": _collector(audit_syslog),
            "facility": "authpriv",
            "formatter": "syslog",
        }
        logging["loggers"][AUDIT] = {"handlers": ["syslog"]}
    return logging


def _collector(text: str) -> tuple[str, int]:
    """An address, not a name: a collector that nobody can resolve must not stop the console."""
    host, _, port = text.rpartition(":")
    try:
        return str(ip_address(host.strip("[]"))), int(port)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"AUDIT_SYSLOG must be the IP address and UDP port of a collector, such as "
            f"192.0.2.1:514, not {text}."
        ) from error


def _logging(form: str, level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"entry": _formatter(form)},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "entry"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "paramiko": {"level": "WARNING"},
            # uvicorn writes with whatever gunicorn's own log has.
            "gunicorn.error": {"handlers": ["stderr"], "propagate": False},
        },
    }


def _formatter(form: str) -> dict[str, Any]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder()],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(_JSON if form == "json" else _LINE),
        ],
    }


def _line(_logger: WrappedLogger, _method: str, entry: EventDict) -> str:
    """`TIME LEVEL LOGGER MESSAGE key=value …`, with a traceback on the lines after."""
    for kept in ("stack", "message"):
        entry.pop(kept, None)
    trace = entry.pop("exception", "")
    words = [entry.pop("time"), entry.pop("level").upper(), entry.pop("logger")]
    words += [entry.pop("event"), *(f"{key}={value}" for key, value in sorted(entry.items()))]
    return " ".join(str(word) for word in words) + (f"\n{trace}" if trace else "")


_LINE: list[Processor] = [structlog.processors.format_exc_info, _line]
_JSON: list[Processor] = [
    structlog.processors.format_exc_info,
    structlog.processors.EventRenamer("message"),
    structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
]
