"""A ModelProvider: which account its Secret leads to, what a rotated one changes, and when it may go."""

import base64
from typing import Any

import pytest

from model_operator.domain import CONFIRM_ABSENCE, FINALIZER, PROVIDER, Key
from support import manifests
from support.memory_schema import Object
from support.memory_store import Effect, Trouble, Verb
from support.rows import ROWS
from support.running import TEAM, VENDORS, Running, deployment, on_virtual_time, provider, running

KEY = Key(PROVIDER, TEAM, "parasail")
OTHER_KEY = "another-parasail-key"
AT_THE_END = 120
"""Seconds after which the grace for things on their way, and two looks at the Secret, are over."""


def ready(operator: Running, name: str = "parasail") -> str:
    return operator.says(name, PROVIDER)["Ready"]


async def add_account(operator: Running) -> None:
    """A second account at Parasail, which knows nothing of the first one's deployments."""
    token = {"vendor": "parasail", "key": OTHER_KEY, "account": "other"}
    await operator.simulator.control("POST", "/tokens", token)


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_it_is_bound_and_remembers_what_proved_its_secret(vendor: str) -> None:
    async with running() as operator:
        assert operator.find(vendor, PROVIDER)["metadata"]["finalizers"] == [FINALIZER]
        await operator.serve(deployment(vendor))
        await operator.wait(6)
        status = operator.status(vendor, PROVIDER)
        version = operator.find(vendor, "Secret")["metadata"]["resourceVersion"]
        assert (status["deployments"], status["provenSecretVersion"]) == (1, version)
        assert ready(operator, vendor) == "True Available"
        assert operator.says(vendor, PROVIDER)["Stalled"] == "False NotStalled"
        assert operator.redactor.redact(f"key {ROWS[vendor].key}") == "key ***"


@pytest.mark.parametrize(
    ("spec", "keys", "reason"),
    [
        pytest.param({}, None, "CredentialsMissing", id="no Secret"),
        pytest.param({}, {"password": "x"}, "CredentialsMissing", id="a Secret without the key"),
        pytest.param({}, {"apiKey": ""}, "CredentialsMissing", id="an empty key"),
        pytest.param({}, {"apiKey": "nobodys-key"}, "CredentialsMissing", id="a word that is no key"),
        pytest.param({}, {"apiKey": "nobodys-key-of-today"}, "CredentialsInvalid", id="a wrong key"),
        pytest.param(
            {"baseURL": "http://elsewhere/api"},
            {"apiKey": "sim-parasail-key"},
            "HostNotAllowed",
            id="another host",
        ),
        pytest.param(
            {"chatBaseURL": "http://elsewhere"},
            {"apiKey": "sim-parasail-key"},
            "HostNotAllowed",
            id="chat elsewhere",
        ),
    ],
)
@on_virtual_time
async def test_what_leads_nowhere_says_why(spec: Any, keys: dict[str, str] | None, reason: str) -> None:
    async with running(opens=False) as operator:
        if keys is not None:
            operator.apply(manifests.secret("parasail", **keys))
        operator.apply(provider("parasail", **spec), deployment("parasail"))
        await operator.wait(AT_THE_END)
        assert ready(operator) == f"False {reason}"
        assert operator.says("parasail", PROVIDER)["Stalled"] == f"True {reason}"
        assert operator.says("llama")["Ready"] == f"False {reason}"
        for name in ("parasail", "llama"):
            assert operator.events(name) == operator.warnings(name) == [reason], name
        assert await operator.asked("create") == 0
        if reason != "CredentialsInvalid":
            assert await operator.asked("list") == 0, "no host has the key"


@on_virtual_time
async def test_a_key_that_is_not_text_is_named_and_not_shown() -> None:
    async with running(opens=False) as operator:
        bad: Object = manifests.secret("parasail", apiKey="x")
        bad["data"]["apiKey"] = base64.b64encode(b"\xff\xfesecret").decode()
        operator.apply(bad, provider("parasail"))
        await operator.wait(5)
        said = operator.message("parasail", kind=PROVIDER)
        assert said == (
            'Secret "parasail": the Secret\'s key "apiKey" is not text. Fix it; the operator rechecks it within a minute.'
        )


@on_virtual_time
async def test_a_secret_that_may_not_be_read_is_no_missing_one() -> None:
    async with running(opens=False) as operator:
        refused = Trouble(
            Effect.REFUSE, frozenset({Verb.GET}), frozenset({"Secret"}), 403, "secrets is forbidden"
        )
        operator.store.troubles.append(refused)
        operator.apply(manifests.secret_of("parasail"), provider("parasail"))
        await operator.wait(5)
        assert operator.message("parasail", kind=PROVIDER) == (
            "secrets is forbidden. Bind the operator's Role in this namespace, or allow the operator to read this"
            " Secret (Helm: rbac.secretNames)."
        )


@on_virtual_time
async def test_an_api_server_that_fails_changes_nothing() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        before = operator.status("parasail", PROVIDER), operator.status("llama")
        operator.store.troubles.append(Trouble(Effect.REFUSE, frozenset({Verb.GET}), frozenset({"Secret"})))
        await operator.wait(AT_THE_END)
        assert (operator.status("parasail", PROVIDER), operator.status("llama")) == before


@on_virtual_time
async def test_a_secret_that_comes_later_is_found_within_a_minute() -> None:
    async with running(opens=False) as operator:
        operator.apply(provider("parasail"), deployment("parasail"))
        await operator.wait(5)
        assert operator.says("llama")["Ready"] == "False CredentialsMissing"
        operator.apply(manifests.secret_of("parasail"))
        await operator.wait(80)
        assert operator.says("llama")["Ready"] == "True Available"


@on_virtual_time
async def test_a_rotated_key_of_the_same_account_changes_nothing() -> None:
    async with running() as operator:
        await operator.simulator.control(
            "POST", "/tokens", {"vendor": "parasail", "key": OTHER_KEY, "account": "sim"}
        )
        (id_,) = await operator.serve(deployment("parasail"))
        before = operator.status("llama")
        operator.apply(manifests.secret_of("parasail", apiKey=OTHER_KEY))
        await operator.wait(AT_THE_END)
        assert operator.status("llama") == before
        assert await operator.live("parasail") == [id_]
        version = operator.find("parasail", "Secret")["metadata"]["resourceVersion"]
        assert operator.status("parasail", PROVIDER)["provenSecretVersion"] == version
        assert operator.redactor.redact(f"sim-parasail-key {OTHER_KEY}") == "sim-parasail-key ***"


@on_virtual_time
async def test_a_key_of_another_account_proves_no_absence_until_a_person_says_so() -> None:
    async with running() as operator:
        await add_account(operator)
        (id_,) = await operator.serve(deployment("parasail"))
        operator.apply(manifests.secret_of("parasail", apiKey=OTHER_KEY))
        await operator.wait(AT_THE_END)
        assert ready(operator) == "False AccountMismatch"
        assert operator.says("llama")["Ready"] == "False AccountMismatch"
        assert operator.status("llama")["externalID"] == id_
        assert await operator.asked("create") == 1
        version = operator.find("parasail", "Secret")["metadata"]["resourceVersion"]
        operator.server.merge(KEY, {"metadata": {"annotations": {CONFIRM_ABSENCE: version}}})
        await operator.wait(AT_THE_END)
        assert await operator.asked("create") == 1, "only the token names what is missing"
        token = operator.status("parasail", PROVIDER)["missing"]["token"]
        operator.server.merge(KEY, {"metadata": {"annotations": {CONFIRM_ABSENCE: token}}})
        await operator.wait(AT_THE_END)
        assert operator.status("llama")["externalID"] != id_
        assert await operator.asked("create") == 2


@pytest.mark.parametrize("is_restarted", [False, True])
@on_virtual_time
async def test_credentials_that_worked_are_good_for_deletions_in_the_process_that_had_them(
    is_restarted: bool,
) -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail"))
        operator.delete("parasail", "Secret")
        if is_restarted:
            await operator.restart()
        await operator.wait(80)
        operator.delete("llama")
        await operator.wait(AT_THE_END)
        if is_restarted:
            assert operator.says("llama")["Ready"] == "False CredentialsMissing"
        else:
            assert operator.find("llama") is None
            assert await operator.live("parasail") == []


@on_virtual_time
async def test_it_is_kept_until_the_last_that_uses_it_is_gone() -> None:
    async with running() as operator:
        await operator.serve(deployment("parasail", "a"), deployment("parasail", "b"))
        operator.delete("parasail", PROVIDER)
        await operator.wait(5)
        assert ready(operator) == "False InUse"
        assert "a, b. Delete them first." in operator.message("parasail", kind=PROVIDER)
        operator.delete("a")
        await operator.until(lambda: operator.find("a") is None)
        await operator.wait(10)
        assert "gone: b. Delete them first." in operator.message("parasail", kind=PROVIDER)
        operator.delete("b")
        await operator.until(lambda: operator.find("parasail", PROVIDER) is None)
        assert await operator.live("parasail") == []


@on_virtual_time
async def test_one_that_nobody_uses_goes_at_once_with_its_account() -> None:
    async with running() as operator:
        operator.delete("parasail", PROVIDER)
        await operator.wait(1)
        assert operator.find("parasail", PROVIDER) is None
        for other in (key for key in tuple(operator.server.objects) if key.kind == PROVIDER):
            operator.delete(other.name, PROVIDER)
        await operator.wait(1)
        before = await operator.asked("list")
        await operator.wait(300)
        assert await operator.asked("list") == before
        assert operator.redactor.redact("sim-parasail-key") == "sim-parasail-key"


@on_virtual_time
async def test_a_finalizer_that_somebody_took_off_is_put_back() -> None:
    async with running() as operator:
        operator.take_finalizers("parasail", PROVIDER)
        await operator.wait(80)
        assert operator.find("parasail", PROVIDER)["metadata"]["finalizers"] == [FINALIZER]


@on_virtual_time
async def test_one_that_vanished_is_missed_by_its_deployments() -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment("parasail"))
        operator.delete("parasail", PROVIDER)
        operator.take_finalizers("parasail", PROVIDER)
        await operator.wait(5)
        assert operator.says("llama")["Ready"] == "False ProviderNotFound"
        operator.apply(provider("parasail"))
        await operator.wait(20)
        assert operator.says("llama")["Ready"] == "True Available"
        assert operator.status("llama")["externalID"] == id_


@on_virtual_time
async def test_two_that_lead_to_one_account_share_its_list() -> None:
    async with running(opens=False) as operator:
        operator.apply(manifests.secret_of("parasail"), provider("parasail"), provider("parasail", "twin"))
        await operator.wait(10)
        assert (ready(operator), ready(operator, "twin")) == ("True Available", "True Available")
        before = await operator.asked("list")
        await operator.wait(300)
        assert await operator.asked("list") == before + 10


@on_virtual_time
async def test_a_type_that_only_a_newer_version_knows_is_said() -> None:
    async with running() as operator:
        operator.server.schemas[PROVIDER] = operator.server.schemas[PROVIDER].widened(
            "spec.type", "not-yet-known"
        )
        operator.apply(provider("parasail", "new", type="not-yet-known"))
        await operator.wait(5)
        assert ready(operator, "new") == "False Unsupported"
        operator.delete("new", PROVIDER)
        await operator.wait(5)
        assert operator.find("new", PROVIDER) is None
