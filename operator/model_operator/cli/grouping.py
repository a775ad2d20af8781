"""Help of a command with many flags: in groups, under headings, in the order in which a reader looks for them."""

from collections.abc import Mapping
from typing import Any, Final

import click
from typing_extensions import override

SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "Scope": ("namespaces", "canary_endpoints", "installation"),
    "Settings and cluster": ("config", "kubeconfig"),
    "Providers": ("allowed_provider_hosts", "provider_ca_file", "webhook_address"),
    "Concurrency": ("workers", "max_concurrent_requests"),
    "How often": (
        "default_poll_interval",
        "transition_poll",
        "secret_refresh",
        "full_read_interval",
        "create_retry",
    ),
    "How long": (
        "request_timeout",
        "connect_timeout",
        "recovery_window",
        "power_grace",
        "accepted_grace",
        "shutdown_timeout",
    ),
    "Leader election": ("leader_elect", "shards", "lease_name", "lease_namespace"),
    "Health and metrics": (
        "health_host",
        "health_port",
        "metrics_objects",
        "cost_labels",
        "metrics_port",
        "metrics_cert_file",
        "metrics_key_file",
        "ready_file",
    ),
    "Logs and process": ("log_format", "log_level", "uvloop"),
}
"""Every setting of `run` once, by its heading."""


class Grouped(click.Command):
    """Its flags stand under the headings of `groups`, by their parameters' names; the others under Options, last."""

    def __init__(self, *args: Any, groups: Mapping[str, tuple[str, ...]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.groups = groups

    @override
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {
            parameter.name: record
            for parameter in self.get_params(ctx)
            if (record := parameter.get_help_record(ctx)) is not None
        }
        for heading, names in self.groups.items():
            _section(formatter, heading, [records.pop(name) for name in names if name in records])
        _section(formatter, "Options", list(records.values()))


def _section(formatter: click.HelpFormatter, heading: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(heading):
            formatter.write_dl(rows)
