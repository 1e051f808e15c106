"""Groups: which rights they give, and in which environments and for which services."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from rollback_console.access.actions.groups import add_group, limit_group
from rollback_console.access.errors import AccessError
from rollback_console.access.models import GroupLimit
from rollback_console.access.scope_limits import EVERYWHERE
from rollback_console.web.forms.limits import GroupLimitForm, LimitForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused


@admin_only
@step_up("add a group")
def list_groups(request: HttpRequest) -> HttpResponse:
    """Every group with its limit; POST adds one."""
    form = GroupLimitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            group = add_group(by=person(request), **form.cleaned_data)
        except AccessError as error:
            form.add_error(None, str(error))
        else:
            return done(request, f"{group} is added: put people into it.", "person-groups")
    status = 422 if form.errors else 200
    page = {"form": form, "groups": _rows()}
    return render(request, "people/groups.html", page, status=status)


@require_POST
@admin_only
@step_up("change the limits of a group")
def limit(request: HttpRequest, number: int) -> HttpResponse:
    """From now on the group's rights hold there alone."""
    group = get_object_or_404(Group, pk=number)
    form = LimitForm(request.POST, prefix=str(number))
    if not form.is_valid():
        return refused(request, "Choose from the list.", "person-groups")
    try:
        limit_group(group, by=person(request), **form.cleaned_data)
    except AccessError as error:
        return refused(request, error, "person-groups")
    return done(request, f"The limits of {group} are saved.", "person-groups")


def _rows() -> list[dict[str, object]]:
    limits = {row.group_id: row.limit for row in GroupLimit.objects.all()}
    rows = []
    for group in Group.objects.prefetch_related("user_set").order_by("name"):
        where = limits.get(group.pk, EVERYWHERE)
        initial = {"environments": where.environments, "services": where.services}
        form = LimitForm(initial=initial, prefix=str(group.pk))
        rows.append({"group": group, "limit": where, "form": form})
    return rows
