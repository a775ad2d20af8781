"""Histories that once went wrong, by what they showed. Paste what a failure prints, made as short as it can be."""

from explorer.processes.history import History

NAMED: dict[str, History] = {}
