"""PaiTIENT's errors: one cause, its code in either vocabulary, and its HTTP status.

The deployments document names codes without statuses or a body; the vendor's errors page has a body and other
codes. Knobs choose; the causes here are in the words of the errors page, which is the finer of the two.
"""

from model_operator_simulator.call import Reply

from .knobs import PaitientKnobs

# Cause -> (code in the deployments document, HTTP status).
CAUSES = {
    "missing_api_key": ("authentication_error", 401),
    "invalid_api_key": ("authentication_error", 401),
    "missing_client_id": ("authentication_error", 401),
    "invalid_client_id": ("authentication_error", 401),
    "permission_denied": ("permission_denied", 403),
    "invalid_json": ("invalid_request_error", 400),
    "invalid_request": ("invalid_request_error", 400),
    "missing_required_parameter": ("invalid_request_error", 400),
    "parameter_type_error": ("validation_error", 422),
    "invalid_parameters": ("validation_error", 422),
    "resource_not_found": ("resource_not_found", 404),
    "model_not_found": ("model_not_found", 404),
    "quota_exceeded": ("quota_exceeded", 403),
    "rate_limit_exceeded": ("rate_limit_exceeded", 429),
    "instance_type_unavailable": ("instance_type_unavailable", 422),
    "conflict": ("deployment_error", 409),
    "deployment_error": ("deployment_error", 500),
}
BY_STATUS = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "permission_denied",
    404: "resource_not_found",
    405: "invalid_request",
    409: "conflict",
    413: "invalid_request",
    422: "invalid_parameters",
    429: "rate_limit_exceeded",
}


class PaitientError(Exception):
    """A request that PaiTIENT refuses.

    Args:
        cause: a key of ``CAUSES``.
        message: for people.
        param: the parameter at fault, dotted, if it is one.
    """

    def __init__(self, cause: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.message = message
        self.param = param


def status_of(cause: str, knobs: PaitientKnobs) -> int:
    """The HTTP status of a cause, by the knobs."""
    documented, status = CAUSES[cause]
    chosen = {
        "validation_error": knobs.validation_status,
        "quota_exceeded": knobs.quota_status,
        "instance_type_unavailable": knobs.instance_status,
    }
    if cause == "deployment_error":
        return knobs.deployment_error_status
    return chosen.get(documented, status)


def error_reply(
    status: int, code: str, message: str, param: str | None, request: str, knobs: PaitientKnobs
) -> Reply:
    """The error's body, by the knob ``error_body``."""
    if knobs.error_body == "bare_code":
        return Reply(status, {"code": code, "message": message})
    error = {"code": code, "message": message, "param": param, "details": None, "request_id": request}
    return Reply(status, {"error": error})


def code_of(cause: str, knobs: PaitientKnobs) -> str:
    """The code of a cause in the vocabulary in force; a cause nobody knows is its own code."""
    if knobs.vocabulary == "errors_page" or cause not in CAUSES:
        return cause
    return CAUSES[cause][0]
