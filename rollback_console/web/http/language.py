"""In which language a request is answered."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

CONTRACTS = ("/api/", "/healthz", "/readyz", "/metrics")
"""What programs read is English, whatever their Accept-Language."""


class LanguageMiddleware(LocaleMiddleware):
    """What a person chose at the foot of a page, else what their browser prefers, else English."""

    def process_request(self, request: HttpRequest) -> None:
        """Set the language of this request."""
        if not request.path_info.startswith(CONTRACTS):
            super().process_request(request)
            return
        translation.activate(settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = settings.LANGUAGE_CODE
