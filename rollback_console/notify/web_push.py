"""A push notification to one browser (RFC 8030, 8291, 8292); runs in the courier."""

from __future__ import annotations

import json
from typing import Any

GONE = "This device receives no notifications from here any more."
"""The push service knows the address no longer: nothing is ever taken there again."""

_KEPT = 3600
"""Seconds that a push service keeps it for a device that is switched off."""


def post(order: dict[str, Any]) -> str:
    """What went wrong, as a sentence; "" when the push service took it."""
    from py_vapid import Vapid
    from pywebpush import WebPushException, webpush

    subscription = {
        "endpoint": order["url"],
        "keys": {"p256dh": order["public_key"], "auth": order["auth"]},
    }
    try:
        webpush(
            subscription,
            data=json.dumps(order["payload"]),
            vapid_private_key=Vapid.from_pem(order["secret"].encode()),
            vapid_claims={"sub": order["subject"]},
            ttl=_KEPT,
            headers={"urgency": "high"},
            timeout=float(order["seconds"]),
        )
    except WebPushException as error:
        status = error.response.status_code if error.response is not None else 0
        return GONE if status in (404, 410) else f"The push service answered {status or error}."
    except (OSError, ValueError) as error:
        return f"The push service could not be reached: {type(error).__name__}."
    return ""
