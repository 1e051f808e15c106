"""What a route returns as the response it becomes."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from ninja.responses import NinjaJSONEncoder, Status
from pydantic import BaseModel


def render(result: Status[Any]) -> HttpResponse:
    """The same bytes that the framework would answer, to be kept."""
    value: BaseModel = result.value
    text = json.dumps(value.model_dump(), cls=NinjaJSONEncoder)
    return HttpResponse(text, status=result.status_code, content_type="application/json")
