"""Groups: which rights they give, and in which environments and for which services."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions.groups import add_group, limit_group, remove_group
from rollback_console.access.actions.pending_changes import propose_limit
from rollback_console.access.errors import AccessError, SecondAdminMissing
from rollback_console.access.models import GroupLimit
from rollback_console.access.scope_limits import EVERYWHERE
from rollback_console.common.people import display_name
from rollback_console.rollbacks.permissions.groups import FORMER_ROLE, ROLES
from rollback_console.web.forms.limits import GroupHeirForm, GroupLimitForm, LimitForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.removals import ask_once_more, count_sentence, is_sure
from ...http.responses import done, refused
from .confirmations import WAITS


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
            return done(
                request,
                gettext("{group} is added: put people into it.").format(group=group),
                "person-groups",
            )
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
        return refused(request, gettext("Choose from the list."), "person-groups")
    try:
        limit_group(group, by=person(request), **form.cleaned_data)
    except SecondAdminMissing:
        propose_limit(group, by=person(request), **form.cleaned_data)
        return done(request, gettext(WAITS), "person-groups")
    except AccessError as error:
        return refused(request, error, "person-groups")
    return done(
        request, gettext("The limits of {group} are saved.").format(group=group), "person-groups"
    )


@require_POST
@admin_only
@step_up("remove a group")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a group that is none of the console's own, once it was said where its people go."""
    group = get_object_or_404(Group, pk=number)
    people = [display_name(each) for each in group.user_set.order_by("username")]
    form = GroupHeirForm(request.POST if is_sure(request) else None, group=group)
    if not people:
        del form.fields["move_to"]
    if not is_sure(request) or not form.is_valid():
        return ask_once_more(
            request,
            what=gettext("Remove the group {name}").format(name=group.name),
            button=gettext("Remove the group"),
            depends=[count_sentence(people, "person is in it", "people are in it")],
            back=resolve_url("person-groups"),
            form=form,
        )
    try:
        remove_group(group, by=person(request), move_to=form.cleaned_data.get("move_to"))
    except AccessError as error:
        return refused(request, error, "person-groups")
    return done(
        request, gettext("The group {name} is removed.").format(name=group.name), "person-groups"
    )


def _rows() -> list[dict[str, object]]:
    limits = {row.group_id: row.limit for row in GroupLimit.objects.all()}
    rows = []
    for group in Group.objects.prefetch_related("user_set").order_by("name"):
        where = limits.get(group.pk, EVERYWHERE)
        initial = {"environments": where.environments, "services": where.services}
        form = LimitForm(initial=initial, prefix=str(group.pk))
        own, former = group.name in ROLES, group.name == FORMER_ROLE
        row = {"group": group, "limit": where, "form": form, "is_role": own, "is_former": former}
        rows.append(row)
    return rows
