"""What a ModelProvider says of money: prices that its provider does not report, and labels by which costs are told apart there."""

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from model_operator.domain import OWNER_TAG, UID_TAG
from model_operator.models.rules import at_most, rule, validations
from model_operator.models.wire import DecimalText, Model


class PriceRow(Model):
    match: str = Field(
        min_length=1,
        max_length=128,
        description="What the price is for: an instance type of PaiTIENT; a service tier of Parasail, or as in"
        ' "2x H100SXM" the number and name of the devices of a replica; * for any other.',
    )
    per_replica_hour: DecimalText = Field(
        description='Price of one replica for an hour, as a decimal string such as "5.80".',
        json_schema_extra=at_most("perReplicaHour", 1_000_000),
    )
    currency: str = Field(
        min_length=3,
        max_length=3,
        description="Currency by its ISO 4217 code, the same for all prices.",
        json_schema_extra={"pattern": "^[A-Z]{3}$"},
    )


TagName = Annotated[str, StringConstraints(min_length=1, max_length=128)]

PRICE_RULES: Final[dict[str, Any]] = {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["match"],
    **validations(
        rule("self.all(p, p.currency == self[0].currency)", "all prices must have the same currency")
    ),
}

LABEL_RULES: Final = validations(
    *(
        rule(
            f"self.all(label, self[label] != '{tag}')",
            f"labelsToTags must not set the tag {tag}, which is reserved for the operator; choose another one",
        )
        for tag in (UID_TAG, OWNER_TAG)
    ),
    rule(
        "self.all(label, self.exists_one(other, self[other] == self[label]))",
        "labelsToTags must give each label a tag of its own",
    ),
    rule(
        "self.all(label, size(label) >= 1 && size(label) <= 317)",
        "each label of labelsToTags must have 1 to 317 characters",
    ),
)
