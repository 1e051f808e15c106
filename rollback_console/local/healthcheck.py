"""Whether the web process on this machine answers."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit

from .options import Options


def healthy(options: Options) -> bool:
    """Ask it as the proxy in front would; false within a second or so."""
    address = urlsplit(options.address)
    headers = {"Host": address.netloc, "X-Forwarded-Proto": address.scheme}
    request = urllib.request.Request(f"{options.local}/healthz", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
