"""How the text of a setting becomes a value, wherever it comes from. Raises `ValueError` with the user's words."""

import re
import ssl
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BeforeValidator

from model_operator.durations import parse_duration
from model_operator.hosts import HostRule

_LAST_PORT: Final = 65535


def _to_duration(value: object) -> timedelta:
    duration = value if isinstance(value, timedelta) else parse_duration(str(value))
    if duration <= timedelta():
        raise ValueError("must be longer than 0")
    return duration


def to_items(value: object) -> object:
    """Comma-separated in the environment; a list in files and from repeated flags."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _to_rule(value: object) -> object:
    return HostRule.parse(value) if isinstance(value, str) else value


def _to_namespace(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", value):
        raise ValueError(f"{value!r} is not a namespace's name")
    return value


def _to_installation(value: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?", value):
        raise ValueError(
            f"{value[:80]!r} is not 1 to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends"
        )
    return value


def _to_label(value: str) -> str:
    if not re.fullmatch(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?", value):
        raise ValueError(f"{value[:80]!r} is not a label's name, such as team or example.com/team")
    return value


def to_lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def to_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    return path


def read_config(path: Path) -> dict[str, Any]:
    """The keys of a YAML or TOML file. Raises `ValueError` that says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot read {str(path)!r}: {error}") from error
    if not isinstance(found or {}, dict):
        raise ValueError(f"{str(path)!r} must hold settings as `key: value`")  # noqa: TRY004  pydantic reports it
    return {str(key): value for key, value in (found or {}).items()}


def to_authorities(path: Path) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # an SSLError is one
        raise ValueError(f"cannot read certificates from {str(path)!r}: {error.strerror}") from error
    return path


def to_readable(path: Path) -> Path:
    read_config(path)
    return path


class ListenAddress(NamedTuple):
    """Where to listen."""

    host: str
    """Without brackets."""
    port: int


def _to_address(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, _, port = value.rpartition(":")
    is_port = port.isascii() and port.isdigit() and int(port) <= _LAST_PORT
    name = host.removeprefix("[").removesuffix("]")
    if not name or not is_port or (":" in name) != host.startswith("["):
        raise ValueError(f"{value!r} is not HOST:PORT, such as 0.0.0.0:8090 or [::]:8090")
    return ListenAddress(name, int(port))


Address = Annotated[ListenAddress, BeforeValidator(_to_address)]
Duration = Annotated[timedelta, BeforeValidator(_to_duration)]
Namespace = Annotated[str, AfterValidator(_to_namespace)]
Installation = Annotated[str, AfterValidator(_to_installation)]
Label = Annotated[str, AfterValidator(_to_label)]
Rule = Annotated[HostRule, BeforeValidator(_to_rule)]
Level = Literal["debug", "info", "warning", "error"]
