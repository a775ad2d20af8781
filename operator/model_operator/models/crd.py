"""CustomResourceDefinitions made from the models, so that the schema and the code cannot part.

`model-operator crds` prints them and `make generate` writes them to `crds/`.
"""

from dataclasses import dataclass
from typing import Any, Final

from pydantic.config import JsonDict

from model_operator.conditions import ConditionType, Reason
from model_operator.domain import GROUP, VERSION
from model_operator.meanings import MEANINGS
from model_operator.models.budget import ModelBudgetSpec, ModelBudgetStatus
from model_operator.models.canary import CanaryEndpointSpec
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from model_operator.models.provider import ModelProviderSpec, ModelProviderStatus
from model_operator.models.rules import VALIDATIONS, rule
from model_operator.models.status import Condition, Status
from model_operator.models.structural import Schema, structural, without_limits
from model_operator.models.wire import Model

CATEGORY: Final = "modelops"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; `wide` ones show with `-o wide` only."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a CRD says beside its schema."""

    kind: str
    short_name: str
    description: str
    spec: type[Model]
    spec_description: str
    status: type[Status]
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()
    rules: tuple[JsonDict, ...] = ()
    """Rules that need the status beside the spec."""
    has_scale: bool = False

    @property
    def plural(self) -> str:
        return f"{self.kind.lower()}s"

    @property
    def crd_name(self) -> str:
        return f"{self.plural}.{GROUP}"


_AGE: Final = Column("Age", ".metadata.creationTimestamp", "date")


def _ready(field: str) -> str:
    return f'.status.conditions[?(@.type=="{ConditionType.READY}")].{field}'


def _status_of(type_: ConditionType) -> str:
    return f'.status.conditions[?(@.type=="{type_}")].status'


_ID_ADDED_LATER: Final = rule(
    "has(oldSelf.spec.externalID) || !has(self.spec.externalID) || !has(self.status)"
    " || !has(self.status.externalID) || self.spec.externalID == self.status.externalID",
    "externalID can be added later only with the value of status.externalID",
    at=".spec.externalID",
)

MODEL_PROVIDER: Final = Kind(
    kind="ModelProvider",
    short_name="mprov",
    description="An account at a remote inference provider, for the ModelDeployments and CanaryEndpoints of its"
    " namespace.",
    spec=ModelProviderSpec,
    spec_description="Desired state: the account and its credentials.",
    status=ModelProviderStatus,
    columns=(
        Column("Type", ".spec.type"),
        Column("Mode", ".status.mode"),
        Column("Ready", _ready("status")),
        Column("Reason", _ready("reason")),
        Column("Deployments", ".status.deployments", "integer"),
        Column("URL", ".spec.baseURL", wide=True),
        Column("Message", _ready("message"), wide=True),
        _AGE,
    ),
)

MODEL_DEPLOYMENT: Final = Kind(
    kind="ModelDeployment",
    short_name="mdep",
    description="A model deployment managed at a remote provider.",
    spec=ModelDeploymentSpec,
    spec_description="Desired state.",
    status=ModelDeploymentStatus,
    columns=(
        Column("Phase", ".status.phase"),
        Column("Ready", _ready("status")),
        Column("Reason", _ready("reason")),
        Column("Replicas", ".status.replicas", "integer"),
        Column("Provider", ".spec.providerRef.name"),
        Column("Model", ".spec.model", wide=True),
        Column("Cost/h", ".status.cost.perHour", wide=True),
        Column("Alias", ".status.externalAlias", wide=True),
        Column("URL", ".status.endpointURL", wide=True),
        Column("Message", _ready("message"), wide=True),
        _AGE,
    ),
    selectable=(".spec.providerRef.name", ".spec.model"),
    rules=(_ID_ADDED_LATER,),
    has_scale=True,
)

CANARY_ENDPOINT: Final = Kind(
    kind="CanaryEndpoint",
    short_name="canep",
    description="An endpoint at the provider whose traffic is split between deployments, at once or step by step.",
    spec=CanaryEndpointSpec,
    spec_description="Desired state.",
    status=CanaryEndpointStatus,
    columns=(
        Column("Phase", ".status.phase"),
        Column("Split", ".status.split"),
        Column("Step", ".status.step"),
        Column("Verdict", ".status.verdict"),
        Column("Ready", _ready("status")),
        Column("Reason", _ready("reason")),
        Column("URL", ".status.endpointURL", wide=True),
        Column("Message", ".status.message", wide=True),
        _AGE,
    ),
    selectable=(".spec.providerRef.name",),
    rules=(_ID_ADDED_LATER,),
)

MODEL_BUDGET: Final = Kind(
    kind="ModelBudget",
    short_name="mbudget",
    description="What the ModelDeployments of a namespace may cost in a month, a week or a day.",
    spec=ModelBudgetSpec,
    spec_description="Desired state.",
    status=ModelBudgetStatus,
    columns=(
        Column("Period", ".spec.period"),
        Column("Limit", ".spec.limit"),
        Column("Spent", ".status.spent"),
        Column("Currency", ".spec.currency"),
        Column("WithinLimit", _status_of(ConditionType.WITHIN_LIMIT)),
        Column("Forecast", ".status.forecast", wide=True),
        Column("Exhausts At", ".status.exhaustsAt", wide=True),
        Column("Message", _ready("message"), wide=True),
        _AGE,
    ),
)

KINDS: Final = (CANARY_ENDPOINT, MODEL_BUDGET, MODEL_DEPLOYMENT, MODEL_PROVIDER)


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """The whole object, ready to be applied."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": kind.crd_name,
            # Flux would take every ${…} of a post-build substitution out of it.
            "annotations": {"kustomize.toolkit.fluxcd.io/substitute": "disabled"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": [kind.short_name],
                "categories": [CATEGORY],
            },
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _schema(kind)},
        "subresources": _subresources(kind),
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
    }
    if kind.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.selectable]
    return version


def _schema(kind: Kind) -> Schema:
    schema: Schema = {
        "description": kind.description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"description": f"{GROUP}/{VERSION}.", "type": "string"},
            "kind": {"description": f"{kind.kind}.", "type": "string"},
            "metadata": {"type": "object"},
            "spec": structural(kind.spec, description=kind.spec_description),
            "status": _status_schema(kind),
        },
    }
    return schema | {VALIDATIONS: list(kind.rules)} if kind.rules else schema


def _status_schema(kind: Kind) -> Schema:
    """No limits but those of the conditions, which clients rely on; and a default that closes a race.

    A tool that waits would take an object without any status for a finished one.
    """
    schema = structural(kind.status, description="Observed state, written by the operator.")
    free = without_limits(schema)
    free["properties"]["conditions"]["items"] = structural(
        Condition, description="A condition of the object."
    )
    free["default"] = {
        "observedGeneration": -1,
        "conditions": [
            {
                "type": ConditionType.READY.value,
                "status": "Unknown",
                "lastTransitionTime": "1970-01-01T00:00:00Z",
                "reason": Reason.PENDING.value,
                "message": f"{MEANINGS[Reason.PENDING].meaning} {MEANINGS[Reason.PENDING].remedy}",
            }
        ],
    }
    return free


def _subresources(kind: Kind) -> dict[str, Any]:
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    return {"status": {}} | ({"scale": scale} if kind.has_scale else {})


def _column(column: Column) -> dict[str, Any]:
    made = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return made | ({"priority": 1} if column.wide else {})
