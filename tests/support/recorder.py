"""Every version of a kind's objects that the server sent, in order: for what must never have been in a status."""

import contextlib
import http.client
import json
import threading
from types import TracebackType
from typing import Self

from model_operator_demo.controlplane_access import Access
from support.kube_api import KubeApi, Object, path_of


class Recorder:
    """A watch in a thread of its own; use in `with`. `versions` holds what came so far, deletions included."""

    def __init__(self, access: Access, namespace: str, kind: str) -> None:
        self._api = KubeApi(access)
        self._path = path_of(kind, namespace)
        self.versions: list[Object] = []
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
        self._api.interrupt()
        self._thread.join(30)
        self._api.close()

    def _watch(self) -> None:
        # Interrupted or cut, a read ends in one of these.
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            self._api.send("GET", f"{self._path}?watch=1")
            with self._api.receive() as reply:
                self._is_open.set()
                for line in reply:
                    self.versions.append(json.loads(line)["object"])
