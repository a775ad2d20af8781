"""PaiTIENT's secure model service: deployments, endpoints, metrics, logs and webhooks, as its documents have them."""

from model_operator_simulator.accounts import Token
from model_operator_simulator.core import Core
from model_operator_simulator.vendor import Vendor, VendorApp

from .knobs import MetricsKnobs, PaitientKnobs, WebhookKnobs
from .out_of_band import PaitientOutOfBand
from .routes import PaitientApi
from .state import Paitient
from .webhooks import Webhooks

__all__ = ["CLIENT", "KEY", "PAITIENT"]

KEY = "sim-paitient-key"
CLIENT = "sim-client"


def _open(core: Core) -> VendorApp:
    webhooks = Webhooks(core)
    state = Paitient(core, webhooks.announce)
    return VendorApp(
        "paitient",
        PaitientApi(core, state),
        PaitientOutOfBand(core, state),
        state.counters,
        state.ledger,
        more_counts=lambda: {"webhooks": webhooks.report()},
        close=webhooks.close,
    )


PAITIENT = Vendor(
    name="paitient",
    title="PaiTIENT",
    bases={"paitient": "/paitient"},
    knobs={"paitient": PaitientKnobs, "metrics": MetricsKnobs, "webhooks": WebhookKnobs},
    keys=(Token("paitient", KEY, client_id=CLIENT),),
    open=_open,
)
