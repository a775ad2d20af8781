"""Every version of a kind's objects that the server sent, in order: for what must never have been in a status."""

import contextlib
import http.client
import json
import threading
from types import TracebackType
from typing import Self

from model_operator_demo.controlplane_access import Access
from support.deadlines import eventually
from support.kube_api import KubeApi, Object, path_of


class Recorder:
    """A watch in a thread of its own; use in `with`. `versions` holds what came so far, deletions included."""

    def __init__(self, access: Access, namespace: str, kind: str) -> None:
        self._access = access
        self._api = KubeApi(access)
        self._path = path_of(kind, namespace)
        self.versions: list[Object] = []
        self._newest: dict[
            str, tuple[int, bool]
        ] = {}  # by UID: resourceVersion, and whether it is still there
        self._is_open = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name=f"watch {self._path}")

    @property
    def is_watching(self) -> bool:
        """False once the watch has ended, whoever ended it."""
        return self._thread.is_alive()

    def of(self, name: str) -> list[Object]:
        """The versions of one object."""
        return [obj for obj in list(self.versions) if obj["metadata"]["name"] == name]

    def phases(self, name: str) -> list[str]:
        """The phases that an object went through, repetitions left out."""
        seen: list[str] = []
        for obj in self.of(name):
            phase = (obj.get("status") or {}).get("phase")
            if phase and seen[-1:] != [phase]:
                seen.append(phase)
        return seen

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_open.wait(30):
            raise AssertionError(f"no watch of {self._path}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A watch may be behind what the test has read with a GET: the last version has to be in it, too.
        if error is None and self.is_watching:
            self._catch_up()
        self._api.interrupt()
        self._thread.join(30)
        self._api.close()

    def _catch_up(self) -> None:
        with contextlib.closing(KubeApi(self._access)) as api:
            listed = api.call("GET", self._path)
        eventually(
            lambda: dict(self._newest),
            until=lambda newest: _holds_all(newest, listed),
            what=f"the watch of {self._path} to have what a GET has",
        )

    def _watch(self) -> None:
        # Interrupted or cut, a read ends in one of these.
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            self._api.send("GET", f"{self._path}?watch=1")
            with self._api.receive() as reply:
                self._is_open.set()
                for line in reply:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        return
                    self._keep(event["object"], is_there=event["type"] != "DELETED")

    def _keep(self, obj: Object, *, is_there: bool) -> None:
        self.versions.append(obj)
        metadata = obj["metadata"]
        self._newest[metadata["uid"]] = (int(metadata["resourceVersion"]), is_there)


def _holds_all(newest: dict[str, tuple[int, bool]], listed: Object) -> bool:
    """A watch is as new as that LIST: every object's version, and every deletion."""
    there = {obj["metadata"]["uid"]: int(obj["metadata"]["resourceVersion"]) for obj in listed["items"]}
    since = int(listed["metadata"]["resourceVersion"])
    return all(newest.get(uid, (0, False))[0] >= version for uid, version in there.items()) and all(
        version > since or not is_there for uid, (version, is_there) in newest.items() if uid not in there
    )
