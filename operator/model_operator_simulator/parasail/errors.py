"""What the vendor finds wrong with a request, before it has the form of a reply."""


class Invalid(ValueError):
    """A body does not fit; the text is for the `detail` of the vendor's error."""
