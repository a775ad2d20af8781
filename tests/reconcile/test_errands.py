"""What a pass may send, by the mode that the API server showed last."""

from collections import Counter

import pytest

from model_operator.accounts.bindings import Bindings
from model_operator.domain import PROVIDER, Key
from model_operator.errand import Outdated
from model_operator.modes import Mode
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.errands import Errands
from model_operator.reconcile.modes import mode_for, mode_of
from support.signals import Told

ACCOUNT = Key(PROVIDER, "team", "p")
OBJECT = Key("ModelDeployment", "team", "llama")


class Modes:
    """A ModelProvider whose mode is set, and one object that names it."""

    def __init__(self, mode=None):
        self.signals = Told()
        self.cache = Cache(self.signals)
        self.version = 1
        self.changing = Counter()
        self.errands = Errands(self.cache, Bindings(), self.signals, self.changing)
        self.set(mode)

    def set(self, mode):
        self.version += 1
        spec = {"type": "parasail", "credentials": {"secretRef": {"name": "s"}}}
        spec |= {} if mode is None else {"mode": mode}
        metadata = {"name": "p", "namespace": "team", "uid": "u", "resourceVersion": str(self.version)}
        self.cache.put(ACCOUNT, {"metadata": metadata, "spec": spec})

    def errand(self):
        return self.errands.of(OBJECT, ACCOUNT, lambda: True)


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        (None, Mode.MANAGE),
        ("Manage", Mode.MANAGE),
        ("Observe", Mode.OBSERVE),
        ("Suspend", Mode.SUSPEND),
        pytest.param("Freeze", Mode.SUSPEND, id="of a newer version"),
    ],
)
def test_the_mode_is_that_of_the_modelprovider(written, mode):
    modes = Modes(written)
    assert (mode_of(modes.cache, ACCOUNT), mode_for(modes.cache, ACCOUNT), modes.errand().mode) == (mode,) * 3


def test_without_a_modelprovider_nothing_can_be_sent_anyway():
    modes = Modes()
    modes.cache.remove(ACCOUNT)
    assert mode_of(modes.cache, ACCOUNT) is Mode.MANAGE
    assert mode_for(modes.cache, OBJECT) is Mode.MANAGE


def test_a_pass_that_began_in_another_mode_is_decided_again():
    modes = Modes()
    errand = modes.errand()
    errand.check()
    modes.set("Observe")
    assert errand.mode is Mode.OBSERVE
    with pytest.raises(Outdated):
        errand.check()
    modes.set(None)
    errand.check()


def test_a_modelprovider_hears_when_the_last_change_of_another_mode_has_ended():
    modes = Modes()
    errand = modes.errand()
    with errand.changing():
        assert modes.changing[ACCOUNT] == 1
        modes.set("Suspend")
    assert modes.changing[ACCOUNT] == 0
