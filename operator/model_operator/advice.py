"""What to do about a provider's words, in the user's objects."""

from typing import Final

from model_operator.conditions import Reason
from model_operator.meanings import MEANINGS

_IN_PROVIDERS_WORDS: Final = frozenset(
    {
        Reason.CREDENTIALS_INVALID,
        Reason.PERMISSION_DENIED,
        Reason.QUOTA_EXCEEDED,
        Reason.INSUFFICIENT_CAPACITY,
        Reason.MODEL_NOT_FOUND,
        Reason.INSTANCE_TYPE_UNAVAILABLE,
        Reason.INVALID_REQUEST,
        Reason.DELETION_REFUSED,
        Reason.PROVIDER_UNAVAILABLE,
        Reason.RATE_LIMITED,
        Reason.PROBE_FAILED,
    }
)
"""Their messages say what the provider said, which knows nothing of our objects."""


def advised(reason: Reason, words: str, secret: str) -> str:
    """A provider's words with what to do about them. `secret` names the one that has the key, in the user's objects."""
    if reason not in _IN_PROVIDERS_WORDS:
        return words
    remedy = MEANINGS[reason].remedy.replace("the Secret of the ModelProvider", secret)
    return f"{words.rstrip('. ')}. {remedy}"
