"""What many rollbacks show together, as a page, CSV and JSON."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rollback_console.common.durations import duration
from rollback_console.plans.models import Environment, Service
from rollback_console.postmortems.trends import export
from rollback_console.postmortems.trends.rows import TrendFilter
from rollback_console.postmortems.trends.statistics import Trends, trends
from rollback_console.rollbacks import db_clock

from ...presenters import charts
from ...presenters.charts import Bar, Column, Span

PERIODS = [(30, _("30 days")), (90, _("90 days")), (365, _("a year")), (0, _("all time"))]
FEW = 12
"""How many open actions the page lists; all are one click away."""

RECENT = 24
"""How many months a picture has room for."""


def show_trends(request: HttpRequest) -> HttpResponse:
    """The page, narrowed by service, environment and period."""
    measured = _trends_of(request)
    page = {
        "trends": measured,
        "open": measured.open[:FEW],
        "today": db_clock.now().date(),
        "pictures": _pictures(measured),
        "services": Service.objects.all(),
        "environments": Environment.objects.all(),
        "periods": PERIODS,
        "query": request.GET.urlencode(),
    }
    return render(request, "trends/trends.html", page)


def csv(request: HttpRequest) -> HttpResponse:
    """A line for each rollback."""
    text = export.as_csv(_trends_of(request))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="trends.csv"'
    return answer


def json(request: HttpRequest) -> HttpResponse:
    """Everything on the page."""
    return JsonResponse(export.as_json(_trends_of(request)))


def _trends_of(request: HttpRequest) -> Trends:
    days = request.GET.get("days", "90")
    known = {str(number): number for number, _ in PERIODS}
    period = TrendFilter(
        service=request.GET.get("service", "")[:50],
        environment=request.GET.get("environment", "")[:50],
        days=known.get(days, 90),
    )
    return trends(period, db_clock.now())


def _pictures(measured: Trends) -> dict[str, SafeString]:
    if measured.count < charts.FEWEST:
        few = charts.too_few(measured.count)
        return dict.fromkeys(("phases", "months", "steps", "truths"), few)
    return {
        "phases": _phases(measured),
        "months": _months(measured),
        "steps": _steps(measured),
        "truths": _truths(measured),
    }


def _phases(measured: Trends) -> SafeString:
    rows = [
        Bar(each.label, each.median, each.p90 or 0, _both(each.median, each.p90))
        for each in measured.drawn.phases
        if each.median is not None
    ]
    desc = "; ".join(f"{row.label}: {row.text}" for row in rows)
    return charts.bars("phases", gettext("Duration by phase"), desc, rows)


def _months(measured: Trends) -> SafeString:
    shown = measured.drawn.months[-RECENT:]
    rows = [Column(each.name[2:], each.succeeded, each.ended) for each in shown]
    desc = "; ".join(f"{each.name}: {each.succeeded} of {each.ended} succeeded" for each in shown)
    return charts.columns("months", gettext("Rollbacks by month"), desc, rows)


def _steps(measured: Trends) -> SafeString:
    rows = [
        Bar(each.title, each.median or 0, each.p90 or 0, _both(each.median, each.p90))
        for each in measured.drawn.slowest
    ]
    desc = "; ".join(f"{row.label}: {row.text}" for row in rows)
    return charts.bars("steps", gettext("The slowest steps"), desc, rows)


def _truths(measured: Trends) -> SafeString:
    rows = [
        Span(f"{each.number} {each.title}", *each.estimate, each.restore, duration(each.restore))
        for each in measured.drawn.truths
        if each.estimate and each.restore is not None
    ]
    desc = "; ".join(
        f"{row.label}: expected {duration(row.low)} to {duration(row.high)}, took {row.text}"
        for row in rows
    )
    return charts.spans("truths", gettext("Estimate vs. actual"), desc, rows)


def _both(median: float | None, high: float | None) -> str:
    return f"{duration(median)}, p90 {duration(high)}"
