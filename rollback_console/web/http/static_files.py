"""Static files, from this process itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc] # it has no types
    """Gives a file as one piece: ASGI would gather it so as well, and warn of it. None is large."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """The file or "not modified", with the headers that WhiteNoise gives it."""
        file = static_file.get_response(request.method, request.META)
        body = b""
        if file.file:
            with file.file:
                body = file.file.read()
        answer = HttpResponse(body, status=int(file.status))
        del answer["Content-Type"]
        for name, value in file.headers:
            answer[name] = value
        return answer
