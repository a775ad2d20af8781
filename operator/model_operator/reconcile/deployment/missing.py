"""A look that did not show the deployment: what that proves, by plan/deployment/absence.py, and what is said of it."""

from dataclasses import replace

from model_operator.errors import AccountMismatch, NotFound, ProviderError, Unavailable
from model_operator.plan.deployment.absence import Standing, is_gone, next_look
from model_operator.plan.deployment.situation import Observed, Presence
from model_operator.reconcile.cache import provider_key
from model_operator.reconcile.deployment.look import Look, Seen

_CONFIRM = (
    " Store the right key in the Secret. If the deployment is really gone, annotate the ModelProvider with"
    " modeloperator.dev/confirm-absence: <the token in its status.missing>."
)
SUSPECT = "No deployment is created while other known deployments are missing from this account." + _CONFIRM
_MISMATCH = (
    "The provider does not have deployment {id}, and these credentials have not been proven to belong to the"
    " account that holds it." + _CONFIRM
)


def missed(look: Look, id_: str, error: ProviderError) -> Seen:
    """No LIST shows it, and a GET was answered with an error: gone only if that is proven."""
    account = look.account
    begun = account.snapshot.begun if account.snapshot is not None else look.now
    is_404 = isinstance(error, NotFound)
    again_at = look.now + look.full_read_interval
    if _has_list(look):
        look = replace(look, view=look.view.missed(begun, is_proof=is_404, again_at=again_at))
    elif isinstance(error, NotFound) and error.is_vendors_own:
        look = replace(look, view=look.view.missed(look.now, is_proof=True, again_at=again_at))
        note_get(look, id_, is_there=False)
    elif is_404:
        unlike_it = f"{error}. This reply does not prove that the deployment is gone, and there is no list to compare with."
        return look.showed(Observed(error=Unavailable(unlike_it, may_have_landed=False)))
    standing = _standing(look, id_)
    if is_gone(look.view.looks, standing):
        return look.showed(Observed(presence=Presence.ABSENT, candidates=look.candidates()))
    again = next_look(look.view.looks, standing, look.now)
    if not is_404:
        return look.showed(Observed(error=error, next_look=again))
    if not standing.is_credible and not standing.is_deleted:
        return look.showed(Observed(error=AccountMismatch(_MISMATCH.format(id=id_))))
    return look.showed(Observed(next_look=again))


def _standing(look: Look, id_: str) -> Standing:
    account, timing = look.account, look.timing
    is_held = look.resource.status.external_id is not None
    is_credible = not account.is_mismatch and (account.is_proven or not is_held)
    return Standing(
        # Without a LIST, all others have been looked at as well by then.
        window=timing.recovery_window
        if _has_list(look)
        else max(timing.recovery_window, 2 * timing.poll_interval),
        is_credible=is_credible or account.is_confirmed(provider_key(look.resource), id_),
        has_list=_has_list(look),
        is_deleted=_is_deleted(look),
    )


def _is_deleted(look: Look) -> bool:
    """By us, and under the credential that looks now."""
    return look.sent.delete_at is not None and look.sent.delete_under == look.account.id


def _has_list(look: Look) -> bool:
    """Whether LISTs tell what is gone. While they fail, what we have deleted is looked for as if there were none."""
    account = look.account
    return account.can_list and not (account.lasting_error is not None and _is_deleted(look))


def note_get(look: Look, id_: str, *, is_there: bool) -> None:
    """Whether most of the account is missing; what is being deleted is no surprise."""
    if not look.account.can_list and not look.ends:
        look.account.looked_up(look.key, id_, is_there=is_there)
