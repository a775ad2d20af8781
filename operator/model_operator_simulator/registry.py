"""The vendors that the simulator stands in for: one line each, and the only place that names them."""

from .paitient import PAITIENT
from .parasail import PARASAIL
from .vendor import Vendor

VENDORS: tuple[Vendor, ...] = (PARASAIL, PAITIENT)
