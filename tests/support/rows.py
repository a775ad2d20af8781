"""What the tests have to know of a vendor: a row for each, and no test asks for a vendor's name.

Tests of what is special about one vendor name it and are in files of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model_operator.domain import EPOCH_TAG, OWNER_TAG
from model_operator.providers.base import Vendor
from model_operator.providers.registry import PROVIDERS

INSTALLATION = "e2e"
"""The setting of the operator that end-to-end tests share."""


@dataclass(frozen=True)
class Api:
    """The vendor's API as somebody without the operator would use it, below the simulator's root."""

    deployments: str
    """Path of the list, and of a POST."""
    headers: Mapping[str, str]
    least: Mapping[str, Any]
    """The body of a POST, but for the name."""
    name: str
    """The key of the deployment's name."""
    update: str
    """The method that changes one."""
    replicas: tuple[str, ...]
    """The keys of the number of replicas."""
    other_fields: Mapping[str, Any]
    """What the operator leaves alone in a deployment that it adopts."""
    other_id: Any
    """An id of nobody's, as JSON has it."""
    fields: Mapping[str, str]
    """Spec field → the path in an answer that shows it."""

    def shown(self, field: str, remote: Mapping[str, Any]) -> Any:
        """What an answer shows of that spec field."""
        value: Any = remote
        for key in self.fields[field].split("."):
            value = (value or {}).get(key)
        return value


@dataclass(frozen=True)
class Row:
    """One vendor. A new vendor adds one."""

    vendor: Vendor
    base_path: str
    chat_path: str | None
    secret: Mapping[str, str]
    spec: Mapping[str, Any]
    """The least that a deployment needs, besides providerRef and model."""
    manifest: Mapping[str, Any]
    """What one that is applied to a cluster has: a model that people know, and a block."""
    edit: Mapping[str, Any]
    """Top-level spec fields that an edit changes."""
    missing_id: str
    """Well-formed, and never given out."""
    start: float
    """Clock seconds until a new deployment serves."""
    end: float
    """Clock seconds until a deleted one is gone, tombstone included."""
    starting: str
    """The vendor's word for a deployment that does not serve yet."""
    ignores: str
    """The knob that names fields which an update accepts and does not change."""
    api: Api
    faulty: str | None = None
    """Paths that a fault of any operation is about: not what a create asks before its POST."""
    uid_tag: str | None = None
    """The tag that holds our UID."""
    knows_paths_by_code: bool = False
    """Whether a 404 in the vendor's own form is about what was asked for, not about the path."""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)
    """Knobs for a real clock: tenths of seconds, and no quota."""
    no_quota_left: Mapping[str, Any] = field(default_factory=dict)
    """Knobs of an account whose quota is used up."""
    odd_knobs: Mapping[str, Any] = field(default_factory=dict)
    """Knobs by which the vendor spells its answers in its other ways."""
    odd_spec: Mapping[str, Any] = field(default_factory=dict)
    """What a deployment needs besides `spec` under `odd_knobs`."""
    empty_lists: tuple[str, ...] = ()
    """Bodies that a LIST of an account without deployments may have."""

    @property
    def name(self) -> str:
        return self.vendor.type

    @property
    def key(self) -> str:
        """The API key that every simulator knows."""
        return self.secret["apiKey"].strip()

    def ignoring_replicas(self) -> dict[str, Any]:
        """The knob by which an update does not change their number."""
        return {self.ignores: list(self.api.replicas)}

    def tags_of(self, live: Mapping[str, Any], installation: str) -> dict[str, str]:
        """What our updates make of the tags of an object that looks so; with an epoch, if another's mark was taken over."""
        if self.uid_tag is None:
            return {}
        metadata, epoch = live["metadata"], live["status"].get("epoch")
        owner = f"{installation}/{metadata['namespace']}/{metadata['name']}"
        taken_over = {} if epoch is None else {EPOCH_TAG: str(epoch)}
        return {self.uid_tag: metadata["uid"], OWNER_TAG: owner, **taken_over}


ROWS = {
    "parasail": Row(
        vendor=PROVIDERS["parasail"],
        base_path="/parasail/api/v1",
        chat_path="/parasail/v1",
        secret={"apiKey": "sim-parasail-key\n"},
        spec={"replicas": 1, "parasail": {"serviceTierName": "low-cost"}},
        manifest={"model": "meta-llama/Llama-3.1-8B-Instruct", "parasail": {"serviceTierName": "H100"}},
        edit={"replicas": 3, "contextLength": 8192},
        missing_id="999999",
        start=8,
        end=10,
        starting="STARTING",
        ignores="put_ignored_fields",
        api=Api(
            deployments="/parasail/api/v1/dedicated/deployments",
            headers={"Authorization": "Bearer sim-parasail-key"},
            least={
                "modelName": "meta-llama/Llama-3.1-8B-Instruct",
                "serviceTierName": "H100",
                "replicas": 1,
            },
            name="deploymentName",
            update="PUT",
            replicas=("replicas",),
            other_fields={"contextLength": 4096, "description": "by hand"},
            other_id=424242,
            fields={"model": "modelName", "replicas": "replicas", "contextLength": "contextLength"},
        ),
        knobs={"parasail": {"gpu_quota": None, "profile": "documented"}},
        quick={
            "parasail": {"start_s": 0.2, "stop_s": 0.1, "delete_s": 0.1, "instance_s": 0.1, "gpu_quota": None}
        },
        no_quota_left={"parasail": {"gpu_quota": 0, "quota_mode": "http"}},
        odd_knobs={"parasail": {"profile": "extended", "unset_fields": "absent", "power_body": "object"}},
        odd_spec={
            "parasail": {
                "devices": [{"device": "L40S", "count": 1}],
                "chatTemplateOverride": "{{ messages }}\n",
                "speculativeConfig": {"method": "ngram", "numSpeculativeTokens": 5},
            }
        },
        empty_lists=("[]", "null", " null\n"),
    ),
    "paitient": Row(
        vendor=PROVIDERS["paitient"],
        base_path="/paitient",
        chat_path=None,
        secret={"apiKey": "sim-paitient-key", "clientID": "sim-client"},
        spec={"replicas": 1, "paitient": {"instanceType": "g4dn.xlarge", "region": "us-east-1"}},
        manifest={
            "model": "NCIT/DeepSeek-R1-8B",
            "paitient": {"computeType": "gpu", "instanceType": "g5.2xlarge", "region": "us-west-2"},
        },
        edit={"replicas": 3, "contextLength": 8192},
        missing_id="dep_neverissued0",
        start=6,
        end=70,
        starting="creating",
        ignores="patch_ignored_fields",
        api=Api(
            deployments="/paitient/v1/deployments",
            headers={"Authorization": "Bearer sim-paitient-key", "X-Client-ID": "sim-client"},
            least={
                "model_name": "NCIT/DeepSeek-R1-8B",
                "instance_type": "g5.2xlarge",
                "region": "us-west-2",
                "min_replicas": 1,
                "max_replicas": 1,
            },
            name="deployment_name",
            update="PATCH",
            replicas=("min_replicas", "max_replicas"),
            other_fields={"model_config": {"context_length": 4096}, "tags": {"team": "x"}},
            other_id="dep_somebodyelse",
            fields={
                "model": "model_name",
                "replicas": "max_replicas",
                "contextLength": "model_config.context_length",
            },
        ),
        uid_tag="model-operator-uid",
        knows_paths_by_code=True,
        knobs={"paitient": {"max_deployments": None}},
        quick={"paitient": {"create_s": 0.2, "update_s": 0.1, "delete_s": 0.1, "max_deployments": None}},
        no_quota_left={"paitient": {"max_deployments": 0}},
        odd_knobs={
            "paitient": {"unset_fields": "null", "last_next_offset": "absent", "list_tags": "partial"}
        },
        empty_lists=('{"deployments": []}', '{"deployments": null}', '{"pagination": {"total": 0}}'),
    ),
}

LIVE = replace(
    ROWS["parasail"],
    spec={"replicas": 1, "parasail": {"devices": [{"device": "L40S", "count": 1}]}},
    manifest={**ROWS["parasail"].manifest, "parasail": {"devices": [{"device": "H100SXM", "count": 2}]}},
    api=replace(
        ROWS["parasail"].api,
        least={
            "modelName": ROWS["parasail"].manifest["model"],
            "deviceConfigs": [{"device": "H100SXM", "count": 2, "selected": True}],
            "replicas": 1,
        },
    ),
    faulty="/dedicated/deployments|/chat/",
    knobs={"parasail": {"gpu_quota": None, "profile": "extended", "device_choices": 24}},
)
"""Parasail as every public client that was tested against its live API knows it: machines are chosen by device."""

WORLDS = {**ROWS, "parasail-live": LIVE}
"""Every vendor, and of one both kinds of account."""
