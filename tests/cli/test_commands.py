"""The commands as a user meets them: help that teaches, wrong use that is explained, exit codes that scripts can use."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from model_operator import __version__
from model_operator.cli import main
from model_operator.cli.grouping import SETTINGS
from model_operator.settings import Settings
from model_operator.settings_loading import env_of, flag_of

ROOT = Path(__file__).parents[2]
NO_SETTINGS = dict.fromkeys(map(env_of, Settings.model_fields))


def call(*arguments: str, **environment: str):
    return CliRunner(env=NO_SETTINGS | environment).invoke(main, arguments)


def test_python_m_is_the_same_program():
    found = subprocess.run(
        [sys.executable, "-m", "model_operator", "--version"], capture_output=True, text=True, check=True
    )
    assert found.stdout == f"model-operator, version {__version__}\n"


def test_help_names_every_command_in_a_whole_sentence():
    for arguments in ((), ("--help",), ("-h",)):
        text = call(*arguments).output
        for name, command in main.commands.items():
            assert f"\n  {name} " in text
            assert not command.get_short_help_str(80).endswith("...")


@pytest.mark.parametrize("name", main.commands)
def test_each_command_teaches_by_examples(name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "\n  Examples:\n" in result.output
    assert f"model-operator {name}" in result.output.partition("Examples:")[2]


def test_help_of_canary_names_every_command_in_a_whole_sentence():
    for command in main.commands["canary"].commands.values():
        assert not command.get_short_help_str(80).endswith("...")
        assert f"model-operator canary {command.name} " in command.epilog


@pytest.mark.parametrize("name", Settings.model_fields)
def test_run_has_a_flag_for_each_setting_and_names_its_variable(name):
    words = call("run", "--help").output.split()
    assert flag_of(name) in words
    assert any(env_of(name) in word for word in words)


def test_each_setting_of_run_stands_under_one_heading():
    grouped = [name for names in SETTINGS.values() for name in names]
    assert sorted(grouped) == sorted(Settings.model_fields)
    text = call("run", "--help").output
    assert [heading for heading in SETTINGS if f"\n{heading}:\n" not in text] == []
    assert "\nOptions:\n  -h, --help " in text


def test_no_line_of_help_is_cut():
    for arguments in ((), *every_command(main)):
        _usage, *lines = call(*arguments, "--help", COLUMNS="80").output.splitlines()
        assert not [line for line in lines if line.endswith("...")], arguments


def every_command(group, before=()):
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*before, name))


@pytest.mark.parametrize(
    ("arguments", "environment", "wrong"),
    [
        pytest.param(["--workers", "0"], {}, ["--workers"], id="a flag"),
        pytest.param([], {"MODEL_OPERATOR_WORKERS": "0"}, ["--workers"], id="a variable"),
        pytest.param(
            ["--workers", "0", "--log-level", "loud", "--namespace", "A", "--namespace", "b"],
            {"MODEL_OPERATOR_POWER_GRACE": "soon"},
            ["--namespace", "--workers", "--power-grace", "--log-level"],
            id="all of them together",
        ),
        pytest.param(
            ["--workers", "3", "--log-level", "loud"],
            {"MODEL_OPERATOR_WORKERS": "0"},
            ["--log-level"],
            id="a good flag covers a bad variable",
        ),
        pytest.param(
            ["--no-uvloop", "--log-level", "loud"],
            {"MODEL_OPERATOR_UVLOOP": "perhaps"},
            ["--log-level"],
            id="a switch is a flag, too",
        ),
    ],
)
def test_wrong_settings_are_all_reported_and_the_exit_code_is_2(arguments, environment, wrong):
    result = call("run", *arguments, **environment)
    assert result.exit_code == 2
    assert result.stdout == ""
    first, *lines = result.stderr.splitlines()
    assert first == "Error: these settings are invalid:"
    assert [line.split(" / ")[0].strip() for line in lines] == wrong


def test_an_unknown_flag_is_refused_with_exit_code_2():
    result = call("run", "--wrokers", "3")
    assert result.exit_code == 2
    assert "--workers" in result.stderr


def test_crds_prints_what_the_repository_holds():
    result = call("crds")
    assert result.exit_code == 0
    names = [document["metadata"]["name"] for document in yaml.safe_load_all(result.stdout)]
    assert sorted(f"{name}.yaml" for name in names) == sorted(
        path.name for path in (ROOT / "crds").glob("*.yaml")
    )


def test_crds_prints_the_kinds_that_are_asked_for():
    (only,) = yaml.safe_load_all(call("crds", "--kind", "modelprovider").stdout)
    assert only["spec"]["names"]["kind"] == "ModelProvider"
    wrong = call("crds", "--kind", "Model")
    assert wrong.exit_code == 2
    assert "ModelProvider" in wrong.stderr or "modelprovider" in wrong.stderr


def test_crds_are_a_list_for_programs_and_names_for_kubectl():
    documents = list(yaml.safe_load_all(call("crds").stdout))
    whole = json.loads(call("crds", "-o", "json").stdout)
    assert whole == {"apiVersion": "v1", "kind": "List", "items": documents}
    assert call("crds", "-o", "name").stdout.split() == [
        f"customresourcedefinition.apiextensions.k8s.io/{one['metadata']['name']}" for one in documents
    ]


def test_crds_writes_one_file_per_kind_into_a_folder(tmp_path):
    result = call("crds", "--output-dir", str(tmp_path / "new" / "crds"))
    assert result.exit_code == 0
    for path in (ROOT / "crds").glob("*.yaml"):
        assert (tmp_path / "new" / "crds" / path.name).read_text() == path.read_text()


def test_a_folder_that_cannot_be_written_is_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "file").touch()
    result = call("crds", "--output-dir", str(tmp_path / "file" / "crds"))
    assert result.exit_code == 1
    assert result.stderr == f"Error: cannot write to '{tmp_path}/file/crds': Not a directory\n"
