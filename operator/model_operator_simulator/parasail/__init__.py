"""Parasail's dedicated deployments and chat, as its document and clients of the live API know them."""

from model_operator_simulator.accounts import Token
from model_operator_simulator.core import Core
from model_operator_simulator.vendor import Vendor, VendorApp

from .knobs import ParasailKnobs
from .out_of_band import ParasailOutOfBand
from .routes import ParasailApi
from .state import Parasail

__all__ = ["KEY", "PARASAIL"]

KEY = "sim-parasail-key"


def _open(core: Core) -> VendorApp:
    state = Parasail(core)
    return VendorApp(
        "parasail", ParasailApi(core, state), ParasailOutOfBand(core, state), state.counters, state.ledger
    )


PARASAIL = Vendor(
    name="parasail",
    title="Parasail",
    bases={"parasail": "/parasail/api/v1", "parasail_chat": "/parasail/v1"},
    knobs={"parasail": ParasailKnobs},
    keys=(Token("parasail", KEY),),
    open=_open,
)
