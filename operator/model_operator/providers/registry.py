"""Every vendor that the operator knows, by the `spec.type` of a ModelProvider.

A new vendor is one package beside this file and one line here.
"""

from collections.abc import Mapping
from typing import Final

from model_operator.providers.base import Vendor
from model_operator.providers.paitient import Paitient
from model_operator.providers.parasail import Parasail

PROVIDERS: Final[Mapping[str, Vendor]] = {vendor.type: vendor for vendor in (Parasail(), Paitient())}
