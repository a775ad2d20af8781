"""A simple Kopf operator for ModelDeployments at PaiTIENT, as Kopf's documentation leads one to write it.

The yardstick of `make bench`: the same work on the same machine in the same minutes, so that the ratio holds anywhere.
It takes Kopf, httpx and asyncio as they come, with one HTTP client for all, and looks every two seconds at what is
coming up; it writes only where something has changed. With TUNED=1 it is as cheap as such an operator gets: uvloop, an
HTTP transport on aiohttp, and a timer that fits the benchmark's five seconds, so that a deployment costs two provider
requests, four PATCHes and two Events, which is what it costs model-operator.

What it leaves out, and does not pay for: a create whose reply is lost is sent again and makes a second deployment, one
whose status cannot be written is forgotten; drift, deployments that vanish, adoption; limits, quotas and Retry-After;
more than one account, another vendor, ModelProviders, a Secret that changes; autoscaling, pausing, tags and most other
fields; metrics, leader election. Its reading costs a request per deployment where a list costs one per hundred.

    KUBECONFIG=... PAITIENT_URL=... NAMESPACE=... READY_FILE=... python simple_kopf_operator.py
"""

import asyncio
import base64
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import kopf
import kubernetes
import uvloop
from httpx_aiohttp import AiohttpTransport

KIND = ("modeloperator.dev", "v1alpha1", "modeldeployments")
NAMESPACE = os.environ["NAMESPACE"]
TUNED = os.environ.get("TUNED") == "1"
COMING_UP = 5 if TUNED else 2  # seconds between two looks; five find it running at the first
SETTLED = 30


@kopf.on.startup()
def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix="simple.example.com")
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix="simple.example.com")
    settings.persistence.finalizer = "simple.example.com/finalizer"
    kubernetes.config.load_kube_config()
    secret = kubernetes.client.CoreV1Api().read_namespaced_secret("paitient", NAMESPACE).data
    key, client = (base64.b64decode(secret[name]).decode() for name in ("apiKey", "clientID"))
    memo.http = httpx.AsyncClient(
        base_url=os.environ["PAITIENT_URL"],
        headers={"Authorization": f"Bearer {key}", "X-Client-ID": client},
        transport=AiohttpTransport() if TUNED else None,
        timeout=30,
    )
    Path(os.environ["READY_FILE"]).write_text("{}", encoding="utf-8")


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    await memo.http.aclose()


@kopf.on.create(*KIND, backoff=10)
async def create(spec: kopf.Spec, name: str, meta: kopf.Meta, **given: Any) -> None:
    paitient = spec["paitient"]
    body = {
        "model_name": spec["model"],
        "deployment_name": name,
        "compute_type": paitient["computeType"],
        "instance_type": paitient["instanceType"],
        "region": paitient["region"],
        **scaling(spec),
    }
    reply = await given["memo"].http.post("/v1/deployments", json=body)
    reply.raise_for_status()
    show(given["patch"], reply.json(), meta["generation"])
    kopf.info(given["body"], reason="Created", message=f"PaiTIENT's deployment is {reply.json()['id']}.")


@kopf.on.update(*KIND, field="spec", backoff=10)
async def update(spec: kopf.Spec, status: kopf.Status, meta: kopf.Meta, **given: Any) -> None:
    reply = await given["memo"].http.patch(f"/v1/deployments/{status['externalID']}", json=scaling(spec))
    reply.raise_for_status()
    show(given["patch"], reply.json(), meta["generation"])


@kopf.on.delete(*KIND, backoff=10)
async def delete(status: kopf.Status, memo: kopf.Memo, **_: Any) -> None:
    if "externalID" in status:
        reply = await memo.http.delete(f"/v1/deployments/{status['externalID']}")
        if reply.status_code != httpx.codes.NOT_FOUND:
            reply.raise_for_status()


def is_coming_up(status: kopf.Status, **_: Any) -> bool:
    return "externalID" in status and status.get("providerState") != "running"


def is_settled(status: kopf.Status, **_: Any) -> bool:
    return status.get("providerState") == "running"


@kopf.timer(*KIND, id="coming-up", interval=COMING_UP, initial_delay=COMING_UP, when=is_coming_up)
@kopf.timer(*KIND, id="settled", interval=SETTLED, initial_delay=SETTLED, when=is_settled)
async def look(status: kopf.Status, meta: kopf.Meta, **given: Any) -> None:
    reply = await given["memo"].http.get(f"/v1/deployments/{status['externalID']}")
    reply.raise_for_status()
    state = reply.json()["status"]
    if state != status.get("providerState"):
        show(given["patch"], reply.json(), meta["generation"])
        kopf.info(given["body"], reason=state.capitalize(), message=f"PaiTIENT says that it is {state}.")


def scaling(spec: kopf.Spec) -> dict[str, Any]:
    count = spec.get("replicas", 1)
    return {"min_replicas": count, "max_replicas": count, "auto_scaling": False}


def show(patch: kopf.Patch, deployment: dict[str, Any], generation: int) -> None:
    """What users read: the vendor's word for the state, and one condition that says whether it serves."""
    state = deployment["status"]
    patch.status["externalID"] = deployment["id"]
    patch.status["providerState"] = state
    patch.status["observedGeneration"] = generation
    if deployment.get("endpoint"):
        patch.status["endpointURL"] = deployment["endpoint"]
    ready = {
        "type": "Ready",
        "status": "True" if state == "running" else "False",
        "reason": state.title().replace("_", ""),
        "message": f"PaiTIENT says that the deployment is {state}.",
        "observedGeneration": generation,
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    patch.status["conditions"] = [ready]


if __name__ == "__main__":
    kopf.configure()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line per request
    run = uvloop.run if TUNED else asyncio.run
    run(kopf.operator(namespaces=[NAMESPACE], standalone=True))
