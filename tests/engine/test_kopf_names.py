"""What is expected of the private names of Kopf that `kopf_names.py` takes: red where a release has moved one.

How the watch behaves is in test_watch.py, through the same names.
"""

import dataclasses
import inspect
import re
from importlib.metadata import version
from pathlib import Path

from model_operator import kopf_names

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_watch_is_an_endless_stream_of_one_resource_in_one_namespace():
    parameters = inspect.signature(kopf_names.infinite_watch).parameters
    assert inspect.isasyncgenfunction(kopf_names.infinite_watch)
    needed = {
        name
        for name, one in parameters.items()
        if one.default is inspect.Parameter.empty and one.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert needed == {"settings", "resource", "namespace"}


def test_a_resource_is_named_by_group_version_and_plural():
    fields = [field.name for field in dataclasses.fields(kopf_names.Resource)]
    assert fields[:3] == ["group", "version", "plural"]
    one = kopf_names.Resource("example.com", "v1", "things", namespaced=True)
    assert one.get_url() == "/apis/example.com/v1/things"
    assert one.get_url(namespace="a", params={"watch": "true"}) == (
        "/apis/example.com/v1/namespaces/a/things?watch=true"
    )


def test_the_end_of_the_first_list_is_a_mark_and_no_event():
    assert list(kopf_names.Bookmark) == [kopf_names.Bookmark.LISTED]


def test_a_command_takes_the_place_of_the_handlers():
    """Which Kopf has for its own command line: the log-in, the stop flag and the end of the tasks stay."""
    command = inspect.signature(kopf_names.spawn_tasks).parameters["_command"]
    assert command.default is None


def test_the_minor_version_is_pinned():
    (least, below) = re.findall(r'"kopf>=([\d.]+),<([\d.]+)"', PROJECT.read_text())[0]
    installed = version("kopf").split(".")
    assert installed[:2] == least.split(".")[:2]
    assert below.split(".") == [installed[0], str(int(installed[1]) + 1)]
