"""What the framework's OpenAPI document does not say by itself: scopes, problems, keys."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic import BaseModel, Field

from .authentication import Bearer
from .errors.problems import KINDS, MEDIA_TYPE

_REF = {"$ref": "#/components/schemas/Problem"}
_READS = (400, 401, 403, 404, 422, 500, 503)
_WRITES = (400, 401, 403, 404, 409, 413, 422, 500, 503)

RAW = "x-media-type"
"""An operation's own extra: the media type of what it answers, where no model says it."""

_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "Sent again with the same body within 24 hours, the POST has no second effect.",
}


class ProblemOut(BaseModel):
    """An error (RFC 9457). Some kinds add `errors`, `problems` or `changes`."""

    type: str = Field(description="ends with one of: " + ", ".join(KINDS))
    title: str
    status: int
    detail: str
    instance: str


class Api(NinjaAPI):
    """The framework's, with our own description of it."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        described = _Described(self, prefix)
        described["components"]["schemas"]["Problem"] = ProblemOut.model_json_schema()
        return described

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


class _Described(OpenAPISchema):
    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details: dict[str, Any] = super().operation_details(operation)
        writes = "POST" in operation.methods
        if media := details.pop(RAW, None):
            kind = "object" if media == "application/json" else "string"
            details["responses"][200]["content"] = {media: {"schema": {"type": kind}}}
        for status in _WRITES if writes else _READS:
            details["responses"].setdefault(status, problem_response(status))
        if writes:
            details["parameters"] = [*details["parameters"], _KEY]
        return details

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        super().operation_security(operation)
        scopes = [auth.scope for auth in operation.auth_callbacks if isinstance(auth, Bearer)]
        return [{"Bearer": scopes}] if scopes else None


def problem_response(status: int) -> dict[str, Any]:
    """How a response with that status is described."""
    titles = [title for code, title in KINDS.values() if code == status]
    return {"description": "; or: ".join(titles), "content": {MEDIA_TYPE: {"schema": _REF}}}
