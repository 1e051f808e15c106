"""The tables of plans: what could be done, and what hosts answered about it beforehand."""

from .plan import (
    Credential,
    DecisionMaker,
    Delegation,
    Environment,
    Host,
    HostGroup,
    HostKey,
    Plan,
    Revision,
    Secret,
    Service,
)
from .readiness import Asking, Cost, ProbeResult, Vouching

__all__ = [
    "Asking",
    "Cost",
    "Credential",
    "DecisionMaker",
    "Delegation",
    "Environment",
    "Host",
    "HostGroup",
    "HostKey",
    "Plan",
    "ProbeResult",
    "Revision",
    "Secret",
    "Service",
    "Vouching",
]
