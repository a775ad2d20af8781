"""In which mode the ModelProvider of an object is, by what the API server last showed. Pure over the cache."""

from model_operator.domain import PROVIDER, Key
from model_operator.modes import Mode
from model_operator.reconcile.cache import Cache, provider_of


def mode_of(cache: Cache, provider: Key) -> Mode:
    """Of that ModelProvider; Manage without one, since without one nothing can be sent.

    What a newer version writes that this one does not know must not move anything.
    """
    entry = cache.entry(provider)
    if entry is None:
        return Mode.MANAGE
    resource = cache.provider(provider)
    if resource is not None:
        return resource.spec.mode or Mode.MANAGE
    said = entry.invalid.mode if entry.invalid is not None else None
    if said is None:
        return Mode.MANAGE
    return Mode(said) if said in tuple(Mode) else Mode.SUSPEND


def mode_for(cache: Cache, key: Key) -> Mode:
    """For that object: its own, or that of the ModelProvider that it names."""
    if key.kind == PROVIDER:
        return mode_of(cache, key)
    entry = cache.entry(key)
    ref = provider_of(entry) if entry is not None else None
    return mode_of(cache, ref) if ref is not None else Mode.MANAGE
