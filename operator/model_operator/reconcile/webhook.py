"""What of a ModelProvider's `spec.webhook` becomes a hook: its secret, and how its events are signed. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from model_operator.conditions import Reason
from model_operator.models.provider import ModelProvider, SignatureAlgorithm, SignatureScheme, Webhook
from model_operator.plan.verdict import Verdict
from model_operator.providers.base import CredentialsIncomplete
from model_operator.providers.credentials import read_long_key
from model_operator.webhooks.signature import Hook, SecretUnusable, secret_for

DEFAULT_KEY: Final = "webhookSecret"
_DEFAULT_TOLERANCE: Final = timedelta(minutes=5)
_STANDARD_HEADER: Final = "webhook-signature"


def hook_of(
    resource: ModelProvider, secret: Mapping[str, str], *, listens: bool
) -> tuple[Hook | None, Verdict | None]:
    """The hook, if its events are to be taken, and what to say about it; nothing where the spec asks for none.

    `listens`: whether this operator has an address for events at all.
    """
    webhook = resource.spec.webhook
    if webhook is None:
        return None, None
    if not listens:
        return None, Verdict(False, Reason.NOT_LISTENING, _NOT_LISTENING)
    name = webhook.secret_key or DEFAULT_KEY
    try:
        hook = _hook(resource, webhook, read_long_key(secret, name, "a webhook's secret"))
    except CredentialsIncomplete as error:
        return None, _unusable(resource, name, str(error))
    except SecretUnusable as error:
        return None, _unusable(resource, name, f'the Secret\'s key "{name}" {error}')
    metadata = resource.metadata
    where = f"Events are received at /webhooks/{metadata.namespace}/{metadata.name}."
    return hook, Verdict(True, Reason.LISTENING, where)


def _hook(resource: ModelProvider, webhook: Webhook, text: str) -> Hook:
    """Raises `SecretUnusable`."""
    scheme = webhook.scheme or SignatureScheme.TIMESTAMPED
    return Hook(
        provider=resource.spec.type,
        text=text,
        secret=secret_for(scheme, text),
        scheme=scheme,
        header=webhook.header or _STANDARD_HEADER,
        algorithm=webhook.algorithm or SignatureAlgorithm.SHA256,
        tolerance=webhook.tolerance or _DEFAULT_TOLERANCE,
    )


def _unusable(resource: ModelProvider, key: str, problem: str) -> Verdict:
    name = resource.spec.credentials.secret_ref.name
    message = (
        f'Secret "{name}": {problem}. Store the secret that the provider signs its events with under the key "{key}".'
        " Until then events are refused; the operator still polls the provider."
    )
    return Verdict(False, Reason.WEBHOOK_SECRET_MISSING, message)


_NOT_LISTENING: Final = (
    "The operator runs without --webhook-address, so it receives no events. It still polls the provider. Enable"
    " webhooks of the operator (Helm: webhooks.enabled), or remove spec.webhook."
)
