"""Writes of the commands: merge patches in the name of `kubectl-models`."""

from collections.abc import Mapping
from typing import Any, Final

from model_operator.cli.connecting import Place, Session, in_cluster
from model_operator.domain import DEPLOYMENT
from model_operator.kube import Media, path_of

MANAGER: Final = "kubectl-models"
"""What managedFields call these commands."""
_MERGE: Final = Media(sent="application/merge-patch+json")


async def patched(
    session: Session, kind: str, name: str, patch: Mapping[str, Any], *, is_dry: bool = False
) -> dict[str, Any]:
    """The object after the merge patch. Raises `KubeError`."""
    query = f"?fieldManager={MANAGER}" + ("&dryRun=All" if is_dry else "")
    return await session.kube.request("PATCH", path_of(kind, session.namespace, name) + query, patch, _MERGE)


def edited(
    place: Place, name: str, spec: Mapping[str, Any], *, is_dry: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) an edit of a ModelDeployment's spec; the server judges a dry one, too."""

    async def errand(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
        before = await session.get(DEPLOYMENT, name)
        return before, await patched(session, DEPLOYMENT, name, {"spec": spec}, is_dry=is_dry)

    return in_cluster(place, errand)
