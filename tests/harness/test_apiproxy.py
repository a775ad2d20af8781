"""The proxy between operator and API server: it passes everything, and makes go wrong exactly what it is told to."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator_demo.controlplane_access import Access
from support.apiproxy import ApiProxy
from support.deadlines import NotYet, eventually
from support.kube_api import ApiError, KubeApi, Object, path_of
from support.namespace import Namespace
from support.proxy_rules import CUT, Answer, Phase, status_error
from support.recorder import Recorder

SHORT = timedelta(seconds=0.3)


@pytest.fixture
def through(api_proxy: ApiProxy, cluster: Access) -> Access:
    """The cluster, seen through the proxy."""
    return replace(cluster, url=api_proxy.url)


@pytest.fixture
def client(through: Access) -> Iterator[KubeApi]:
    with closing(KubeApi(through)) as api:
        yield api


def config_map(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


def test_requests_pass_with_their_credentials_and_bodies(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    path = path_of("ConfigMap", namespace.name)
    client.call("POST", path, config_map("a", colour="red"))
    client.merge(f"{path}/a", {"data": {"colour": "blue"}})
    assert client.call("GET", f"{path}/a")["data"] == {"colour": "blue"}
    assert [(seen.method, seen.path, seen.status) for seen in api_proxy.seen] == [
        ("POST", path, 201),
        ("PATCH", f"{path}/a", 200),
        ("GET", f"{path}/a", 200),
    ]
    assert json.loads(api_proxy.writes()[1].body) == {"data": {"colour": "blue"}}


def test_a_wrong_token_is_the_servers_to_refuse(api_proxy: ApiProxy) -> None:
    connection = http.client.HTTPConnection(api_proxy.url.removeprefix("http://"))
    connection.request("GET", "/api/v1/secrets", headers={"Authorization": "Bearer wrong"})
    assert connection.getresponse().status == 401
    connection.close()


def test_a_watch_streams_and_ends_when_the_connections_are_cut(
    through: Access, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    with Recorder(through, namespace.name, "ConfigMap") as recorder:
        namespace.apply({"apiVersion": "v1", "kind": "ConfigMap", **config_map("a")})
        eventually(lambda: recorder.of("a"), what="the watch to have it")
        assert recorder.is_watching
        api_proxy.cut_watches()
        eventually(lambda: not recorder.is_watching, what="the watch to end")


@pytest.mark.parametrize(
    ("then", "status"),
    [
        pytest.param(status_error(500, "InternalError"), 500, id="server error"),
        pytest.param(status_error(409, "Conflict"), 409, id="conflict"),
        pytest.param(status_error(410, "Expired"), 410, id="gone"),
        pytest.param(status_error(429, "TooManyRequests", retry_after=1), 429, id="throttled"),
    ],
)
def test_a_rule_answers_for_the_server_which_sees_nothing(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy, then: Answer, status: int
) -> None:
    path = path_of("ConfigMap", namespace.name)
    api_proxy.rule("POST", r"/configmaps$", times=1, then=then)
    with pytest.raises(ApiError) as refused:
        client.call("POST", path, config_map("a"))
    assert refused.value.status == status
    assert namespace.find("ConfigMap", "a") is None
    client.call("POST", path, config_map("a"))  # once was enough


def test_nth_takes_that_one_request_alone(client: KubeApi, namespace: Namespace, api_proxy: ApiProxy) -> None:
    path = path_of("ConfigMap", namespace.name)
    rule = api_proxy.rule("POST", r"/configmaps$", nth=2, then=status_error(500, "InternalError"))
    statuses = []
    for name in ("a", "b", "c"):
        try:
            client.call("POST", path, config_map(name))
            statuses.append(201)
        except ApiError as error:
            statuses.append(error.status)
    assert statuses == [201, 500, 201]
    assert rule.reached == 1


def test_a_body_can_be_what_a_rule_looks_at(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    path = path_of("ConfigMap", namespace.name)
    api_proxy.rule("POST", r"/configmaps$", body='"colour": "re+d"', then=status_error(500, "InternalError"))
    client.call("POST", path, config_map("a", colour="blue"))
    with pytest.raises(ApiError):
        client.call("POST", path, config_map("b", colour="red"))


@pytest.mark.parametrize(
    ("phase", "is_there"),
    [
        pytest.param(Phase.REQUEST, False, id="cut before the server saw it"),
        pytest.param(Phase.REPLY, True, id="cut after the server did it"),
    ],
)
def test_the_phase_decides_whether_the_server_has_done_it(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy, phase: Phase, is_there: bool
) -> None:
    api_proxy.rule("POST", r"/configmaps$", phase=phase, times=1, then=CUT)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.call("POST", path_of("ConfigMap", namespace.name), config_map("a"))
    assert (namespace.find("ConfigMap", "a") is not None) is is_there


def test_a_held_request_waits_for_its_release(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    rule = api_proxy.rule("POST", r"/configmaps$", hold=True)
    posting = threading.Thread(
        target=client.call, args=("POST", path_of("ConfigMap", namespace.name), config_map("a"))
    )
    posting.start()
    rule.wait()
    assert namespace.find("ConfigMap", "a") is None
    rule.release()
    posting.join(30)
    assert namespace.find("ConfigMap", "a") is not None


def test_a_held_request_of_a_client_that_died_never_reaches_the_server(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    path = path_of("ConfigMap", namespace.name)
    rule = api_proxy.rule("POST", r"/configmaps$", hold=True, times=1)
    client.send("POST", path, config_map("a"))
    rule.wait()
    client.close()
    eventually(lambda: api_proxy.open_connections, until=lambda count: count == 0, what="the proxy to notice")
    rule.release()
    client.call("POST", path, config_map("b"))  # a later request is through: the held one would be, too
    assert namespace.find("ConfigMap", "a") is None


def test_a_rule_calls_at_its_moment(client: KubeApi, namespace: Namespace, api_proxy: ApiProxy) -> None:
    found: list[object] = []
    rule = api_proxy.rule(
        "POST",
        r"/configmaps$",
        phase=Phase.REPLY,
        call=lambda: found.append(namespace.find("ConfigMap", "a") is not None),
    )
    client.call("POST", path_of("ConfigMap", namespace.name), config_map("a"))
    rule.wait()
    assert found == [True]


def test_what_a_call_raises_comes_out_in_the_test(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    rule = api_proxy.rule("GET", r"/configmaps$", call=lambda: next(iter(())))
    client.call("GET", path_of("ConfigMap", namespace.name))
    with pytest.raises(StopIteration):
        rule.wait()


def test_waiting_for_a_request_that_does_not_come_says_so(api_proxy: ApiProxy) -> None:
    rule = api_proxy.rule("PATCH", r"/status$", hold=True)
    with pytest.raises(NotYet, match=r"0 of 1 requests PATCH /status\$"):
        rule.wait(within=SHORT)


def test_the_server_goes_down_and_comes_back(
    client: KubeApi, namespace: Namespace, api_proxy: ApiProxy
) -> None:
    path = path_of("ConfigMap", namespace.name)
    client.call("GET", path)
    api_proxy.down()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.call("GET", path)
    api_proxy.up()
    assert client.call("GET", path)["kind"] == "ConfigMapList"


def test_a_rule_may_choose_by_the_body(client: KubeApi, namespace: Namespace, api_proxy: ApiProxy) -> None:
    path = path_of("ConfigMap", namespace.name)
    rule = api_proxy.rule(
        "POST", r"/configmaps$", body='"colour": *"red"', then=status_error(500, "InternalError")
    )
    client.call("POST", path, config_map("a", colour="blue"))
    with pytest.raises(ApiError):
        client.call("POST", path, config_map("b", colour="red"))
    assert rule.reached == 1
