"""How the demo draws: commands and prose folded to a width, bars of a split and of a build. Pure: text in, text out."""

import re
import textwrap

BAR_CELLS = 10
SPLIT_CELLS = 20  # a canary of 5 % is seen
_GOES_ON = " \\"
_HANGING = "    "
# Of a shell: what is quoted stays together, and so do a flag and its value.
_WORD = re.compile(r"(?:-[\w-]+ (?=[^-]))?(?:'[^']*'|[^\s'])+")


def folded_command(command: str, width: int) -> list[str]:
    r"""The command in lines of at most `width`, which a shell still understands: broken between words, with `\`.

    A single word that is longer stays whole.
    """
    lines = [""]
    for word in _WORD.findall(command):
        if not lines[-1]:
            lines[-1] = word
        elif len(lines[-1]) + len(word) + len(" ") + len(_GOES_ON) <= width:
            lines[-1] += f" {word}"
        else:
            lines[-1] += _GOES_ON
            lines.append(f"{_HANGING}{word}")
    return lines


def folded_text(line: str, width: int) -> list[str]:
    """A line of output in lines of at most `width`; what continues hangs by two characters."""
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def bar(done: int, total: int, cells: int = BAR_CELLS) -> str:
    """`███████░░░`; more than all is all."""
    full = cells if total <= 0 else min(cells, round(cells * done / total))
    return "█" * full + "░" * (cells - full)


def split_bar(split: str) -> str:
    """`v1=75 v2=25` as `v1 ███████████████░░░░░ v2 25 %`; a single target fills the bar, three or more are listed."""
    shares = [(name, int(percent)) for name, percent in re.findall(r"(\S+?)=(\d+)", split)]
    match shares:
        case [(name, percent)]:
            return f"{name} {bar(percent, 100, SPLIT_CELLS)}    {percent:3} %"
        case [(old, share), (new, percent)]:
            return f"{old} {bar(share, 100, SPLIT_CELLS)} {new} {percent:3} %"
        case _:
            return split
