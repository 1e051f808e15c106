"""The tables of plans, re-exported: Django and everybody else import models from here.

arrangement.py      what people changed of a proposal that nobody confirmed yet
inventory.py        services, environments, hosts, credentials, secrets
decision_makers.py  who may approve
plan.py             plans, their revisions, and the findings that people acknowledged
readiness.py        what hosts are asked beforehand, and what they answered
"""

from .arrangement import ArrangementDraft
from .decision_makers import DecisionMaker, Delegation
from .inventory import (
    Credential,
    Environment,
    FormerSecret,
    Host,
    HostGroup,
    HostKey,
    Secret,
    Service,
)
from .plan import Acknowledgement, Plan, Revision
from .readiness import (
    Asking,
    Cost,
    HostQuestion,
    ProbeResult,
    ReadinessEvent,
    SignInTrial,
    Vouching,
)

__all__ = [
    "Acknowledgement",
    "ArrangementDraft",
    "Asking",
    "Cost",
    "Credential",
    "DecisionMaker",
    "Delegation",
    "Environment",
    "FormerSecret",
    "Host",
    "HostGroup",
    "HostKey",
    "HostQuestion",
    "Plan",
    "ProbeResult",
    "ReadinessEvent",
    "Revision",
    "Secret",
    "Service",
    "SignInTrial",
    "Vouching",
]
