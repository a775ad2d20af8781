"""A second live deployment with an object's UID: said as soon as a LIST shows it, and left alone."""

import pytest

from model_operator.domain import EPOCH_TAG, OWNER_TAG, UID_TAG
from support.rows import ROWS
from support.running import Running, deployment, on_virtual_time, running


async def make_twin(operator: Running, uid: str, name: str = "twin") -> str:
    """Somebody copies a deployment at the provider, tags and all."""
    api = ROWS["paitient"].api
    return await operator.create_at("paitient", {**api.least, api.name: name, "tags": {UID_TAG: uid}})


@on_virtual_time
async def test_it_is_a_condition_and_a_warning_and_nothing_is_done_about_it() -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment("paitient"))
        found = operator.find("llama")
        assert found is not None
        twin = await make_twin(operator, found["metadata"]["uid"])
        await operator.until(lambda: operator.says("llama")["Synced"] == "False DuplicateFound", within=35)
        assert twin in operator.message("llama", "Synced")
        assert id_ in operator.message("llama", "Synced")
        assert operator.says("llama")["Ready"] == "True Available", "it serves as specified"
        assert operator.events("llama").count("DuplicateFound") == 1
        await operator.wait(300)
        assert sorted(await operator.live("paitient")) == sorted([id_, twin])
        assert operator.events("llama").count("DuplicateFound") == 1

        await operator.simulator.control("DELETE", f"/deployments/paitient/{twin}")
        await operator.until(lambda: operator.says("llama")["Synced"] == "True Synced", within=35)


@on_virtual_time
async def test_the_deletion_of_the_object_deletes_all_of_them() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient"))
        found = operator.find("llama")
        assert found is not None
        await make_twin(operator, found["metadata"]["uid"])
        await operator.wait(35)
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None, within=300)
        assert await operator.live("paitient") == []


@on_virtual_time
async def test_one_of_the_same_name_with_another_tag_is_nobodys_duplicate() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient"))
        await make_twin(operator, "somebody-elses")
        await operator.wait(100)
        assert operator.says("llama")["Synced"] == "True Synced"


@pytest.mark.parametrize(
    ("installation", "owner"),
    [("berlin-1", "berlin-1/team/llama"), ("", None)],
    ids=["a name", "nobody knows one"],
)
@on_virtual_time
async def test_the_mark_names_the_owner_where_the_account_has_tags(
    installation: str, owner: str | None
) -> None:
    async with running(installation=installation) as operator:
        (id_,) = await operator.serve(deployment("paitient"))
        made = await operator.simulator.control("GET", f"/deployments/paitient/{id_}")
        assert made["tags"].get(OWNER_TAG) == owner
        assert operator.status("llama").get("drift", []) == []


@on_virtual_time
async def test_an_adoption_writes_the_owner_of_now_over_that_of_the_old_cluster() -> None:
    async with running(installation="new") as operator:
        id_ = await make_twin(operator, "of-the-old-cluster")
        operator.apply(deployment("paitient", externalID=id_, deletionPolicy="Delete"))
        await operator.until(lambda: operator.says("llama").get("Ready") == "True Available", within=300)
        found = operator.find("llama")
        assert found is not None

        async def tags() -> dict[str, str]:
            made = await operator.simulator.control("GET", f"/deployments/paitient/{id_}")
            return dict(made["tags"])

        await operator.wait(100)
        epoch = str(operator.status("llama")["epoch"])
        mark = {UID_TAG: found["metadata"]["uid"], OWNER_TAG: "new/team/llama", EPOCH_TAG: epoch}
        assert await tags() == mark
