"""PaiTIENT's secure model service: `vendor` is what is true without a call, `wire` its JSON, `client` the calls.

`reports` reads logs and metrics for people. The registry takes `Paitient` from here.
"""

from model_operator.providers.paitient.vendor import Paitient

__all__ = ["Paitient"]
