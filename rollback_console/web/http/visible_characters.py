"""No page holds a character that nobody sees: whoever wrote it, a mark stands in its place.

Commands, values and file names get theirs by the filter `visible`, which is stricter. This is for
all else: reasons, notes, titles, what a program printed.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from rollback_console.documents.shell.hidden_characters import show_hidden_in_output

# What a person edits, or sends back, stays as it is.
_SENT_BACK = re.compile(r'(<textarea\b[^>]*>.*?</textarea>|\svalue="[^"]*")', re.DOTALL)


class VisibleCharactersMiddleware(MiddlewareMixin):
    """Stands last, so that it sees every page that a view or an error makes."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """The page with marks; anything else, and what is sent in parts, as it is."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and isinstance(response, HttpResponse) and not response.streaming:
            before = response.content.decode(response.charset)
            after = mark_page(before)
            if after != before:
                response.content = after
        return response


def mark_page(page: str) -> str:
    """The HTML with a mark for each character that nobody sees, outside fields of forms."""
    parts = _SENT_BACK.split(page.replace("\r\n", "\n"))
    parts[::2] = map(show_hidden_in_output, parts[::2])
    return "".join(parts)
