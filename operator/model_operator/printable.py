"""What somebody else wrote, fit for a terminal: a control character is shown, not obeyed."""


def printable(text: str) -> str:
    """`\\x1b` and its kin in the spelling that Python has for them; everything else as it is. One line."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text
    )
