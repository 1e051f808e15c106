"""Services: what is deployed, and may have to be rolled back."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.record import record_change

from ..models import Service
from ..permission import permit
from ..unique_names import unique_name


@transaction.atomic
def add_service(*, by: User | None, slug: str, name: str) -> Service:
    """A new service. Raises PlanError when its slug is taken."""
    permit(by, "plans.add_service", "add services")
    with unique_name("a service", slug):
        service = Service.objects.create(slug=slug, name=name)
    _record(service, by)
    return service


@transaction.atomic
def name_service(name: str, *, by: User) -> Service:
    """The service that an imported plan names; made when nobody added it yet."""
    permit(by, "plans.add_plan", "import plans")
    slug = slugify(name)[:50] or "service"
    service, is_new = Service.objects.get_or_create(slug=slug, defaults={"name": name})
    if is_new:
        _record(service, by)
    return service


def _record(service: Service, by: User | None) -> None:
    record_change(kinds.SERVICE_ADDED, by=by, subject=service, after=snapshot_fields(service))
