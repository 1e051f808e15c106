"""The console as an app on a phone: its manifest, its service worker, and the devices that ring."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollback_console.outbox.actions.push_devices import add_push_device, remove_push_device
from rollback_console.outbox.models import PushDevice
from rollback_console.rollbacks.errors import Refused

from ...http.current_user import person
from ...http.responses import done

ICONS = (("icon-192.png", "192x192"), ("icon-512.png", "512x512"))
DARK = "#0c1316"


@login_not_required
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a browser installs."""
    icons = [
        {"src": static(f"img/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for name, sizes in ICONS
        for purpose in ("any", "maskable")
    ]
    app = {
        "name": "Rollback Console",
        "short_name": "Rollback",
        "id": reverse("home"),
        "start_url": reverse("home"),
        "scope": reverse("home"),
        "display": "standalone",
        "background_color": DARK,
        "theme_color": DARK,
        "icons": icons,
    }
    return JsonResponse(app, content_type="application/manifest+json")


@login_not_required
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows notifications; it stands at the root because it may act there only."""
    source = Path(settings.BASE_DIR, "static", "js", "worker.js").read_text(encoding="utf-8")
    answer = HttpResponse(source, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_POST
def add_device(request: HttpRequest) -> HttpResponse:
    """This browser receives notifications from now on; answers JSON to its script."""
    given = {name: request.POST.get(name, "") for name in ("endpoint", "public_key", "auth")}
    name = _browser(request.headers.get("User-Agent", ""))
    try:
        device = add_push_device(by=person(request), name=name, **given)
    except Refused as error:
        return JsonResponse({"status": 409, "detail": str(error)}, status=409)
    return JsonResponse({"device": device.pk}, status=201)


@require_POST
def remove_device(request: HttpRequest, number: int) -> HttpResponse:
    """That browser receives none any more."""
    device = get_object_or_404(PushDevice, pk=number, user=person(request))
    remove_push_device(device, by=person(request))
    return done(
        request,
        gettext("{name} receives no notifications any more.").format(name=device.name),
        "account",
    )


def _browser(agent: str) -> str:
    """Such as `Chrome on Android`, as far as a browser says so."""
    names = {"Edg": "Edge", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Windows": "Windows",
        "Mac OS": "macOS",
        "Linux": "Linux",
    }
    browser = next((name for mark, name in names.items() if mark in agent), "a browser")
    system = next((name for mark, name in systems.items() if mark in agent), "")
    return f"{browser} on {system}" if system else browser
