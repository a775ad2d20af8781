"""Settings come from flag, environment and file, in this order, and everything wrong is said at once."""

from datetime import timedelta
from pathlib import Path

import pytest

from model_operator import settings as subject
from model_operator.hosts import HostRule
from model_operator.settings import Settings
from model_operator.settings_loading import SettingsInvalid, default_of, env_of, flag_of, load

GATEWAY = HostRule("https", "gateway.example.com", 443)
LOCAL = HostRule("http", "127.0.0.1", 8080)

# field, as text (flag or environment), as YAML and as TOML, parsed
VALUES = [
    pytest.param("workers", "7", ("7", "7"), 7, id="integer"),
    pytest.param("recovery_window", "1m30s", ("1m30s", '"1m30s"'), timedelta(seconds=90), id="duration"),
    pytest.param("transition_poll", "500ms", ("500ms", '"500ms"'), timedelta(milliseconds=500), id="ms"),
    pytest.param("full_read_interval", "1h", ("1h", '"1h"'), timedelta(hours=1), id="hours"),
    pytest.param("uvloop", "false", ("false", "false"), False, id="boolean"),
    pytest.param("log_format", "json", ("json", '"json"'), "json", id="word"),
    pytest.param("log_level", "DEBUG", ("Debug", '"debug"'), "debug", id="word in any case"),
    pytest.param("ready_file", "a/b.json", ("a/b.json", '"a/b.json"'), Path("a/b.json"), id="path"),
    pytest.param("namespaces", "team-a", ("[team-a]", '["team-a"]'), ("team-a",), id="list of one"),
]


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(env_of(name), raising=False)


@pytest.mark.parametrize(("name", "text", "files", "value"), VALUES)
def test_each_source_gives_each_type(name, text, files, value, tmp_path, monkeypatch):
    yaml, toml = files
    (tmp_path / "a.yaml").write_text(f"{name}: {yaml}\n")
    (tmp_path / "a.toml").write_text(f"{name} = {toml}\n")
    assert getattr(load({name: (text,) if name == "namespaces" else text}), name) == value
    assert getattr(load({"config": str(tmp_path / "a.yaml")}), name) == value
    assert getattr(load({"config": str(tmp_path / "a.toml")}), name) == value
    monkeypatch.setenv(env_of(name), text)
    assert getattr(load({}), name) == value


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_authorities_that_cannot_be_read_are_a_problem_at_the_start(tmp_path, text):
    path = tmp_path / "ca.crt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsInvalid) as caught:
        load({"provider_ca_file": str(path)})
    (problem,) = caught.value.problems
    assert problem.startswith(
        "--provider-ca-file / MODEL_OPERATOR_PROVIDER_CA_FILE / provider_ca_file: cannot read"
    )
    assert str(path) in problem


@pytest.mark.parametrize(
    ("flag", "environment", "file", "workers"),
    [
        pytest.param("3", "4", "5", 3, id="the flag goes first"),
        pytest.param(None, "4", "5", 4, id="then the environment"),
        pytest.param(None, None, "5", 5, id="then the file"),
        pytest.param(None, "", "5", 5, id="an empty variable is none"),
        pytest.param(None, None, None, 50, id="then the default"),
    ],
)
def test_the_nearest_source_wins(flag, environment, file, workers, tmp_path, monkeypatch):
    flags = {} if flag is None else {"workers": flag}
    if environment is not None:
        monkeypatch.setenv("MODEL_OPERATOR_WORKERS", environment)
    if file is not None:
        (tmp_path / "settings.yaml").write_text(f"workers: {file}\n")
        monkeypatch.setenv("MODEL_OPERATOR_CONFIG", str(tmp_path / "settings.yaml"))
    assert load(flags).workers == workers


def test_lists_are_comma_separated_in_the_environment(monkeypatch):
    monkeypatch.setenv("MODEL_OPERATOR_NAMESPACES", "team-a, team-b,")
    monkeypatch.setenv("MODEL_OPERATOR_ALLOWED_PROVIDER_HOSTS", "gateway.example.com,http://127.0.0.1:8080")
    settings = load({})
    assert settings.namespaces == ("team-a", "team-b")
    assert settings.allowed_provider_hosts == (GATEWAY, LOCAL)


def test_a_list_from_a_nearer_source_replaces_the_farther_one(monkeypatch):
    monkeypatch.setenv("MODEL_OPERATOR_NAMESPACES", "team-a,team-b")
    assert load({"namespaces": ("team-c",)}).namespaces == ("team-c",)


def test_the_variables_that_kubelet_sets_for_a_service_are_not_settings(monkeypatch):
    monkeypatch.setenv("MODEL_OPERATOR_HEALTH_PORT", "tcp://10.0.0.7:8080")
    monkeypatch.setenv("MODEL_OPERATOR_PORT_8080_TCP_ADDR", "10.0.0.7")
    assert load({}).health_port == 8080


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n"])
def test_an_empty_file_sets_nothing(text, tmp_path):
    (tmp_path / "settings.yaml").write_text(text)
    assert load({"config": str(tmp_path / "settings.yaml")}).workers == 50


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        pytest.param({"workers": "0"}, "must be greater than or equal to 1, not '0'", id="too small"),
        pytest.param({"workers": "many"}, "a valid integer", id="not a number"),
        pytest.param({"health_port": "65536"}, "less than or equal to 65535", id="too large"),
        pytest.param({"recovery_window": "60"}, "such as 30s, 500ms", id="duration without unit"),
        pytest.param({"recovery_window": "-5s"}, "such as 30s, 500ms", id="negative duration"),
        pytest.param({"recovery_window": "0s"}, "must be longer than 0", id="no duration"),
        pytest.param({"log_format": "xml"}, "'text' or 'json', not 'xml'", id="unknown word"),
        pytest.param({"namespaces": ("Team A",)}, "'Team A' is not a namespace's name", id="namespace"),
        pytest.param({"installation": "a/b"}, "'a/b' is not 1 to 63 letters", id="installation"),
        pytest.param({"installation": "x" * 64}, "is not 1 to 63 letters", id="installation too long"),
        pytest.param({"allowed_provider_hosts": ("https://a/b",)}, "an allowed host is", id="host rule"),
        pytest.param({"kubeconfig": "no/such/file"}, "there is no file 'no/such/file'", id="no kubeconfig"),
        pytest.param({"config": "no/such/file"}, "No such file", id="no config file"),
    ],
)
def test_a_problem_names_flag_variable_key_and_source(flags, problem):
    (name,) = flags
    with pytest.raises(SettingsInvalid) as caught:
        load(flags)
    (line,) = caught.value.problems
    assert line.startswith(f"{flag_of(name)} / {env_of(name)} / {name}: ")
    assert problem in line
    assert line.endswith("(given by the flag)")


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        pytest.param("workers: [", "a.yaml", "cannot read", id="broken YAML"),
        pytest.param("workers = ", "a.toml", "cannot read", id="broken TOML"),
        pytest.param("- workers", "a.yaml", "must hold settings as `key: value`", id="a list"),
        pytest.param("workers", "a.yaml", "must hold settings as `key: value`", id="a word"),
        pytest.param(
            "worker: 1", "a.yaml", "worker in the config file is not a setting; is it workers?", id="typo"
        ),
        pytest.param("zebra: 1", "a.yaml", "zebra in the config file is not a setting", id="unknown key"),
        pytest.param("1: 1", "a.yaml", "1 in the config file is not a setting", id="a key that is no word"),
        pytest.param("workers: 0", "a.yaml", "not '0' (given by the config file)", id="a wrong value"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text, name, problem, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(SettingsInvalid, match=None) as caught:
        load({"config": str(tmp_path / name)})
    (line,) = caught.value.problems
    assert problem in line


def test_problems_of_all_sources_are_reported_together(tmp_path, monkeypatch):
    (tmp_path / "settings.yaml").write_text("accepted_grace: soon\nwrokers: 3\n")
    monkeypatch.setenv("MODEL_OPERATOR_LOG_LEVEL", "loud")
    with pytest.raises(SettingsInvalid) as caught:
        load({"workers": "0", "config": str(tmp_path / "settings.yaml")})
    assert sorted(line.split(" ")[0] for line in caught.value.problems) == [
        "--accepted-grace",
        "--log-level",
        "--workers",
        "wrokers",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("allowed_provider_hosts", ("https://me:hunter2@gateway.example.com",), id="as a host"),
        pytest.param("health_port", "https://me:hunter2@gateway.example.com", id="under a wrong name"),
    ],
)
def test_a_password_in_a_refused_url_is_not_repeated(name, value):
    with pytest.raises(SettingsInvalid) as caught:
        load({name: value})
    assert "hunter2" not in str(caught.value)


def test_a_connection_may_not_take_longer_than_its_request():
    with pytest.raises(SettingsInvalid, match="--connect-timeout must not be longer than --request-timeout"):
        load({"request_timeout": "1s"})


def test_settings_do_not_change_once_they_are_made():
    with pytest.raises(ValueError, match="frozen"):
        load({}).workers = 3  # type: ignore[misc]


@pytest.mark.parametrize("name", subject.Settings.model_fields)
def test_every_setting_says_what_it_is_for(name):
    assert (Settings.model_fields[name].description or "").endswith(".")


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if default_of(name)])
def test_a_default_as_it_is_documented_is_the_default(name):
    assert getattr(load({name: default_of(name)}), name) == getattr(Settings(), name)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        pytest.param("MODEL_OPERATOR_WORKRS", "MODEL_OPERATOR_WORKERS", id="a letter too few"),
        pytest.param(
            "MODEL_OPERATOR_NAMESPACE", "MODEL_OPERATOR_NAMESPACES", id="the flag is in the singular"
        ),
        pytest.param("MODEL_OPERATOR_LOGLEVEL", "MODEL_OPERATOR_LOG_LEVEL", id="an underscore"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_one_that_was_meant(variable, meant, monkeypatch):
    monkeypatch.setenv(variable, "3")
    with pytest.raises(SettingsInvalid) as refused:
        load({})
    assert refused.value.problems == (
        f"the environment variable {variable} is not a setting; did you mean {meant}?",
    )


@pytest.mark.parametrize("service", ["", "METRICS_", "HEALTH_", "WEBHOOKS_"])
def test_what_kubelet_sets_for_a_service_of_ours_is_no_misspelt_setting(service, monkeypatch):
    start = f"MODEL_OPERATOR_{service}"
    links = ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_80_TCP", "PORT_80_TCP_ADDR")
    for name in (*links, "PORT_80_TCP_PORT", "PORT_80_TCP_PROTO"):
        monkeypatch.setenv(start + name, "10.0.0.1")
    monkeypatch.setenv(f"{start}PORT", "tcp://10.0.0.1:80")
    assert load({}) == load({})
