"""Health, and the list of agents, for those who signed in."""

from agents.models import Agent
from django.conf import settings
from django.http import JsonResponse


def health(request):
    """200 once the database and the issuer of badges answer."""
    return JsonResponse(
        {"release": 2, "agents": Agent.objects.count(), "issuer": settings.BADGE_ISSUER}
    )


def agents(request):
    """Every agent by name; a POST with a name adds one."""
    if request.method == "POST":
        Agent.objects.create(name=request.POST["name"], badge=settings.BADGE_ISSUER)
    return JsonResponse({"agents": [agent.name for agent in Agent.objects.order_by("name")]})
