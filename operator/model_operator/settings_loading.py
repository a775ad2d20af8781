"""Settings as they are given: read at start-up, with every problem said at once, and the names that users write."""

import difflib
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from model_operator.durations import format_duration
from model_operator.settings import ENV_PREFIX, Settings

_ALMOST = 0.93
"""How much of two names is the same, prefix included, where one is the other misspelt."""


class SettingsInvalid(Exception):
    """Settings are wrong; `problems` has a line for each that names flag, variable and file key."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(flags: Mapping[str, Any]) -> Settings:
    """Settings from the given flags (by field name), the environment and the file that either names.

    Raises `SettingsInvalid` with all problems at once.
    """
    problems = misspelt(os.environ)
    try:
        settings = Settings(**flags)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        problems += tuple(dict.fromkeys(_problem(detail, flags) for detail in details))
        raise SettingsInvalid(problems) from None
    if problems:
        raise SettingsInvalid(problems)
    return settings


def misspelt(environment: Iterable[str]) -> tuple[str, ...]:
    """A line for each variable that is almost a setting. Others with our prefix are kubelet's, for our Services."""
    known = {env_of(name) for name in Settings.model_fields}
    odd = sorted(name for name in environment if name.startswith(ENV_PREFIX) and name not in known)
    near = {name: difflib.get_close_matches(name, known, n=1, cutoff=_ALMOST) for name in odd}
    return tuple(
        f"the environment variable {name} is not a setting; did you mean {found[0]}?"
        for name, found in near.items()
        if found
    )


def flag_of(name: str) -> str:
    """`workers` → `--workers`; a flag that may be repeated is in the singular."""
    return "--" + (name.removesuffix("s") if is_many(name) else name).replace("_", "-")


def env_of(name: str) -> str:
    return ENV_PREFIX + name.upper()


def is_many(name: str) -> bool:
    return get_origin(Settings.model_fields[name].annotation) is tuple


def is_switch(name: str) -> bool:
    return Settings.model_fields[name].annotation is bool


def default_of(name: str) -> str:
    """The default as a user would write it; empty where there is none."""
    default = Settings.model_fields[name].default
    match default:
        case timedelta():
            return format_duration(default)
        case bool():
            return str(default).lower()
        case None | ():
            return ""
        case _:
            return str(default)


def _problem(detail: ErrorDetails, flags: Mapping[str, Any]) -> str:
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if not detail["loc"]:
        return message
    name = str(detail["loc"][0])
    if name not in Settings.model_fields:
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        return f"{name} in the config file is not a setting" + (f"; is it {near[0]}?" if near else "")
    return f"{flag_of(name)} / {env_of(name)} / {name}: {message}{_given(detail)} ({_source(name, flags)})"


def _given(detail: ErrorDetails) -> str:
    """The value, unless the message has it already or it may hold a password."""
    value = str(detail["input"])
    return "" if detail["type"] == "value_error" or "@" in value else f", not {value!r}"


def _source(name: str, flags: Mapping[str, Any]) -> str:
    if name in flags:
        return "given by the flag"
    return "given by the environment" if os.environ.get(env_of(name)) else "given by the config file"
