"""Parasail dedicated deployments: `vendor` is what is true without a call, `wire` its JSON, `client` the calls.

The registry takes `Parasail` from here; nobody else knows this package.
"""

from model_operator.providers.parasail.vendor import Parasail

__all__ = ["Parasail"]
