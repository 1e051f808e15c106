"""What `up` and its siblings are told by the environment and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rollback_console.config.env import env, folder, positive

ROOT = Path(__file__).resolve().parent.parent.parent
ACCOUNTS = "accounts"
"""The file in the data folder that says how many accounts there were at the start."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, where the data lives, and what is not ours to start."""

    host: str
    port: int
    data: Path
    demo: bool
    reset: bool
    redis_url: str
    database_url: str
    base_url: str
    web_workers: int

    @property
    def address(self) -> str:
        """What to open in a browser on this machine."""
        return self.base_url or self.local

    @property
    def local(self) -> str:
        """The same, past any proxy."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def from_environment() -> Options:
    """Read it all. Raises ImproperlyConfigured with a sentence."""
    return Options(
        host=env.str("HOST", "127.0.0.1"),
        port=positive("PORT", 8000),
        data=folder("DATA_DIR", ROOT / "var"),
        demo=env.bool("DEMO", True),
        reset=env.bool("RESET", False),
        redis_url=env.str("REDIS_URL", ""),
        database_url=env.str("DATABASE_URL", ""),
        base_url=env.str("BASE_URL", ""),
        web_workers=positive("WEB_WORKERS", 1),
    )
