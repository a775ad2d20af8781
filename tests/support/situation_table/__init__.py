"""The table of situations: what was observed, with the status that came before it, and what is to be seen of it then.

The id of each case quotes its row.
"""
