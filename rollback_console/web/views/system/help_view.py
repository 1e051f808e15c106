"""Help: the documentation within the console, also where the internet cannot be reached."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from rollback_console.web import help_pages

LONGEST = 200


def show_help(request: HttpRequest) -> HttpResponse:
    """Every page, or with `q` the sections that hold these words."""
    query = request.GET.get("q", "").strip()[:LONGEST]
    words = query.casefold().split()
    hits = [(section, section.excerpt(words)) for section in help_pages.search(query)]
    page = {"pages": help_pages.pages().values(), "query": query, "hits": hits}
    return render(request, "help/list.html", page)


def show_help_page(request: HttpRequest, name: str) -> HttpResponse:
    """One page."""
    shown = help_pages.pages().get(name)
    if shown is None:
        raise Http404("There is no such help page.")
    page = {"page": shown, "text": help_pages.render_page(name)}
    return render(request, "help/page.html", page)
