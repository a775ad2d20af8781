"""A routing endpoint whose name is taken at the provider: a person is asked, and the deployment serves on."""

from support.running import deployment, on_virtual_time, running


@on_virtual_time
async def test_a_taken_endpoint_name_waits_for_a_person() -> None:
    async with running() as operator:
        await operator.fault(
            "error", method="POST", path="/v1/endpoints", status=409, message="already exists"
        )
        operator.apply(deployment("paitient", "llama", paitient={"endpointName": "shared"}))
        await operator.wait(300)
        assert {
            type: operator.says("llama")[type] for type in ("Accepted", "Serving", "Ready", "Stalled")
        } == {
            "Accepted": "True Accepted",
            "Serving": "True Serving",
            "Ready": "False NameTaken",
            "Stalled": "True NameTaken",
        }
        assert "Free the name at the provider. endpointName is immutable" in operator.message("llama")
        assert await operator.asked("create_endpoint") <= 6
        await operator.mend()
        await operator.wait(120)
        assert operator.says("llama")["Ready"] == "True Available"
