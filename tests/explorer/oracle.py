"""What must be true when the faults have ended and time has passed.

Each rule is a function that says what is wrong, or nothing. None of them asks the operator. Those of a subject have a file, as
`holding`, `statuses` and `settling` are.
"""

from collections.abc import Callable, Iterator

from explorer.looks import End
from explorer.objects import SECRETS

Rule = Callable[[End], Iterator[str]]
RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    RULES.append(function)
    return function


def judge(end: End) -> list[tuple[str, str]]:
    """(rule, what is wrong)."""
    return [*end.world.violations, *((r.__name__, text) for r in RULES for text in r(end))]


@rule
def secrets_stay_secret(end: End) -> Iterator[str]:
    shown = [str(body) for key, body in end.world.server.objects.items() if key.kind != "Secret"]
    for place, text in (("an object", "\n".join(shown)), ("the log", end.world.log.getvalue())):
        for secret in SECRETS:
            if secret in text:
                yield f"{secret} in {place}"


@rule
def no_pass_stumbles(end: End) -> Iterator[str]:
    for line in end.world.log.getvalue().splitlines():
        if "failed unexpectedly" in line:
            yield line
    process = end.world.process
    if process is not None and process.engine.problem:
        yield process.engine.problem
