"""What the live page fetches: its polling fallback, and parts of logs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from uuid import UUID

from channels.db import database_sync_to_async
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import Rollback, StepRun

from . import frames
from .cursor import NotAResume, parse_cursor
from .logs import merged, repeats, search, window


@require_GET
def pulse(request: HttpRequest, number: int) -> HttpResponse:
    """A hello and the frames that follow `seq` and `offsets`, where sockets do not get through.

    Without `seq` the hello alone; logs only of the runs that `offsets` names.
    """
    hello = frames.hello(number)
    if hello is None:
        raise Http404("There is no such rollback.")
    sent, more = [hello[0]], False
    if "seq" in request.GET:
        try:
            here = parse_cursor(*_asked(request))
        except NotAResume as error:
            return _wrong(str(error))
        page = frames.after(number, here, named_only=True)
        sent, more = [*sent, *page.frames], page.more
    body = f'{{"more":{json.dumps(more)},"frames":[{",".join(each.text for each in sent)}]}}'
    return _fresh(HttpResponse(body, content_type="application/json"))


@require_GET
def lines(request: HttpRequest, token: UUID) -> HttpResponse:
    """A window of a log: lines `from` up to `to`, counted from 0, or the last `last` lines."""
    run = get_object_or_404(StepRun, token=token)
    try:
        bounds = {
            key: int(request.GET[key]) for key in ("from", "to", "last") if key in request.GET
        }
        lines = (
            window.tail(run, bounds["last"])
            if "last" in bounds
            else window.window(run, bounds["from"], bounds["to"])
        )
    except (ValueError, KeyError):
        return _wrong("Ask with from and to, or with last: whole numbers.")
    return _fresh(JsonResponse({"token": str(token), **asdict(lines)}))


@require_GET
def matches(request: HttpRequest, token: UUID) -> HttpResponse:
    """Numbers of lines that hold the text `q`, past line `after`; fewer, but with `texts`."""
    run = get_object_or_404(StepRun, token=token)
    try:
        after = int(request.GET.get("after", -1))
        texts = "texts" in request.GET
        most = window.MOST_PICKED if texts else search.MOST_FOUND
        matches = search.find(run, request.GET.get("q", ""), after=after, most=most)
    except ValueError as error:
        return _wrong(str(error))
    more = {"total": run.lines, "texts": window.picked(run, matches.lines)} if texts else {}
    return _fresh(JsonResponse({**asdict(matches), **more}))


@require_GET
def folds(request: HttpRequest, token: UUID) -> HttpResponse:
    """Runs of lines that differ only in digits, from line `from` on."""
    run = get_object_or_404(StepRun, token=token)
    start = request.GET.get("from", "0")
    if not start.isascii() or not start.isdigit():
        return _wrong("from must be the number of a line.")
    return _fresh(JsonResponse(asdict(repeats.find(run, int(start)))))


@require_GET
def merge(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Lines of all hosts of a step by time, past the place `after` or leading to `before`.

    Without a place: the last ones.
    """
    rollback = get_object_or_404(Rollback, pk=number)
    try:
        past, to = (_place(request, name) for name in ("after", "before"))
    except ValueError:
        return _wrong("after and before must be places that were given here.")
    page = merged.after if past else merged.before
    return _fresh(JsonResponse(asdict(page(rollback, position, past or to))))


@require_GET
def log(request: HttpRequest, token: UUID) -> HttpResponseBase:
    """The log's raw bytes from offset `from`, exactly as stored."""
    run = get_object_or_404(StepRun, token=token)
    start = request.GET.get("from", "0")
    if not start.isascii() or not start.isdigit():
        return _wrong("from must be a whole number of bytes.")
    offset = min(int(start), run.stored)
    name = f"rollback-{run.rollback_id}-step-{run.number}-{run.host or 'manual'}.log"
    response = StreamingHttpResponse(
        _bytes(run, offset),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Length": str(run.stored - offset),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{_plain(name)}"'
    return response


async def _bytes(run: StepRun, offset: int) -> AsyncIterator[bytes]:
    # An asynchronous iterator: ASGI would gather a synchronous one in memory first.
    read = database_sync_to_async(search.page, thread_sensitive=False)
    while offset < run.stored and (rows := await read(run, offset)):
        for row in rows:
            data = log_store.unpack(row)[offset - row.offset : run.stored - row.offset]
            yield data
            offset = row.offset + row.length


def _asked(request: HttpRequest) -> tuple[object, object]:
    try:
        return json.loads(request.GET["seq"]), json.loads(request.GET.get("offsets", "{}"))
    except ValueError as error:
        raise NotAResume("seq and offsets must be JSON.") from error


def _place(request: HttpRequest, name: str) -> merged.MergedCursor | None:
    return merged.MergedCursor.read(request.GET[name]) if request.GET.get(name) else None


def _plain(name: str) -> str:
    return "".join(
        each if each.isascii() and (each.isalnum() or each in "-._") else "_" for each in name
    )


def _fresh(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


def _wrong(sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=400)
