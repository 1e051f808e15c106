"""What pipelines tell by webhook: a deployment that begins, and how it ended."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from rollback_console.plans.models import Environment, Service
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.proposals.models import Integration
from rollback_console.rollbacks.errors import Refused

from ..models import Deployment
from ..pipeline_events import BEGUN, PipelineEvent
from .deployments import finish_deployment, record_deployment


@transaction.atomic
def take_event(integration: Integration, event: PipelineEvent) -> Deployment | None:
    """The deployment that it tells of; None where it goes to another environment.

    It acts as the Admin who added the integration. Sent again it changes nothing, and what comes
    after the end is not counted. Raises Refused for a service that the console does not know.
    """
    if not _is_there(integration.environment, event.environment):
        return None
    # One sender at a time: two copies of an event that arrive together are one deployment.
    Integration.objects.select_for_update().get(pk=integration.pk)
    service = _service(event.service)
    deployment = _known(integration, event, service) or _recorded(integration, event, service)
    if event.state != BEGUN and deployment.state == BEGUN:
        finish_deployment(deployment, by=integration.made_by, outcome=event.state)
    return deployment


def _is_there(environment: Environment, given: str) -> bool:
    return not given or given.casefold() in {
        environment.slug.casefold(),
        environment.name.casefold(),
    }


def _known(integration: Integration, event: PipelineEvent, service: Service) -> Deployment | None:
    return Deployment.objects.filter(external_id=_name(integration, event, service)).first()


def _recorded(integration: Integration, event: PipelineEvent, service: Service) -> Deployment:
    return record_deployment(
        by=integration.made_by,
        service=service,
        environment=integration.environment,
        version=event.version,
        facts=DeploymentFacts(),
        plan=None,
        commit=event.commit,
        deployed_by=event.deployed_by,
        link=event.link,
        external_id=_name(integration, event, service),
    )


def _name(integration: Integration, event: PipelineEvent, service: Service) -> str:
    """Builds and versions of two services may be numbered alike."""
    return f"{integration.key}:{service.pk}:{event.number}"


def _service(given: str) -> Service:
    matching = Service.objects.filter(Q(slug=slugify(given)) | Q(name__iexact=given))
    service = matching.order_by("pk").first()
    if service is None:
        raise Refused(
            f"There is no service {given}. Add it on the page Services, under the name of the "
            "repository or project."
        )
    return service
