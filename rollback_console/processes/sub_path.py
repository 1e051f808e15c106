"""The console below a path of a name that it shares with others, by `BASE_URL`.

Layer: the top: asgi.py puts it in front of everything. A proxy may pass the path on or take it
off; health checks come without it.
"""

from __future__ import annotations

from .body_limit import Application, Receive, Scope, Send


class SubPath:
    """Gives each request its whole path and names the part that the console stands below, as
    `root_path` of the ASGI specification says."""

    def __init__(self, application: Application, sub_path: str) -> None:
        self._next, self._sub_path = application, sub_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._sub_path and scope["type"] in {"http", "websocket"}:
            path = str(scope["path"])
            below = path == self._sub_path or path.startswith(f"{self._sub_path}/")
            whole = path if below else f"{self._sub_path}{path}"
            scope = {**scope, "path": whole, "root_path": self._sub_path}
        await self._next(scope, receive, send)
