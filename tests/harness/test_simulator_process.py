"""The tests' way to the simulator's control endpoints, on the real simulator."""

import http.client
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from support.deadlines import NotYet
from support.simulator_process import ControlRefused, SimulatorProcess

SHORT = timedelta(seconds=0.3)
BODY = '{"deploymentName": "aa", "modelName": "m/m", "serviceTierName": "H100", "replicas": 1}'


def request(
    simulator: SimulatorProcess,
    method: str = "GET",
    path: str = "/dedicated/deployments",
    body: str | None = None,
) -> int:
    """As a client with the default key would; the status."""
    connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=60)
    try:
        headers = {"Authorization": "Bearer sim-parasail-key", "Content-Type": "application/json"}
        connection.request(method, f"/parasail/api/v1{path}", body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_was_asked_is_in_the_journal(simulator: SimulatorProcess) -> None:
    before = simulator.last_request
    assert request(simulator) == 200
    found = simulator.wait_for_request(since=before, vendor="parasail", operation="list")
    assert (found["method"], found["status"], found["seq"]) == ("GET", 200, before + 1)
    assert simulator.requests(since=before + 1) == []


def test_a_fault_strikes_until_it_is_removed(simulator: SimulatorProcess) -> None:
    fault = simulator.fault("error", vendor="parasail", method="GET", status=500)
    assert request(simulator) == 500
    assert fault.report()["hits"] == 1
    fault.remove()
    assert request(simulator) == 200


def test_a_held_request_goes_on_when_it_is_released(simulator: SimulatorProcess) -> None:
    fault = simulator.fault("hold", vendor="parasail", method="GET", seconds=60)
    statuses: list[int] = []
    asking = threading.Thread(target=lambda: statuses.append(request(simulator)))
    asking.start()
    fault.wait()
    assert (fault.report()["held"], statuses) == (1, [])
    fault.release()
    asking.join(30)
    assert statuses == [200]


def test_waiting_at_a_fault_that_nobody_meets_says_so(simulator: SimulatorProcess) -> None:
    fault = simulator.fault("hold", vendor="parasail")
    with pytest.raises(NotYet, match="no 1 requests"):
        fault.wait(within=SHORT)
    simulator.clear_faults()
    assert request(simulator) == 200


def test_a_deployment_is_created_changed_by_hand_and_counted(simulator: SimulatorProcess) -> None:
    assert request(simulator, "POST", body=BODY) == 200
    (found,) = simulator.state()["parasail"]
    identifier = str(found["id"])
    simulator.edit_deployment("parasail", identifier, fields={"replicas": 3})
    assert simulator.deployment("parasail", identifier)["replicas"] == 3
    simulator.remove_deployment("parasail", identifier)
    counts = simulator.counters("parasail")
    assert (counts["creates_by_name"], counts["live"]) == ({"aa": 1}, 0)


@pytest.mark.simulator("--clock=manual")
def test_a_manual_clock_moves_when_told(simulator: SimulatorProcess) -> None:
    request(simulator, "POST", body=BODY)
    (found,) = simulator.state()["parasail"]
    assert found["status"]["status"] == "STARTING"
    simulator.advance(timedelta(seconds=8))
    assert simulator.deployment("parasail", str(found["id"]))["status"]["status"] == "ONLINE"


def test_knobs_and_keys_change_what_the_next_request_meets(simulator: SimulatorProcess) -> None:
    simulator.knobs(parasail={"listing": "405"})
    assert request(simulator) == 405
    simulator.reset()
    assert request(simulator) == 200
    simulator.revoke("parasail", "sim-parasail-key")
    assert request(simulator) == 401
    simulator.put_token("parasail", "sim-parasail-key", read_only=True)
    assert [request(simulator), request(simulator, "POST", body=BODY)] == [200, 403]


def test_a_mistake_of_the_test_is_an_error(simulator: SimulatorProcess) -> None:
    with pytest.raises(ControlRefused, match="misspelt"):
        simulator.knobs(parasail={"misspelt": 1})
