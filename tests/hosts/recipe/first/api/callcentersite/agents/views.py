"""Health, and the list of agents."""

from django.http import JsonResponse

from agents.models import Agent


def health(request):
    """200 once the database answers."""
    return JsonResponse({"release": 1, "agents": Agent.objects.count()})


def agents(request):
    """Every agent by name; a POST with a name adds one."""
    if request.method == "POST":
        Agent.objects.create(name=request.POST["name"])
    return JsonResponse({"agents": [agent.name for agent in Agent.objects.order_by("name")]})
