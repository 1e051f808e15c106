"""Rights over one thing: `user.has_perm(right, thing)` counts groups whose limits cover it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model

from .models import GroupLimit


class LimitedRightsBackend(BaseBackend):
    """Signs nobody in. Rights given by name hold everywhere, those of a group in its limits."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Whether `user_obj` has the right over `obj`; of rights over nothing another one knows."""
        if obj is None or not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        app, _, codename = perm.partition(".")
        rows = Permission.objects.filter(content_type__app_label=app, codename=codename)
        if rows.filter(user=user_obj).exists():
            return True
        groups = list(Group.objects.filter(user=user_obj, permissions__in=rows).distinct())
        limits = {row.group_id: row.limit for row in GroupLimit.objects.filter(group__in=groups)}
        return any(each.pk not in limits or limits[each.pk].covers(obj) for each in groups)
