"""Random histories over the real engine, passes and accounts, with the API server and the providers in memory.

A history is a list of moves (`moves`), made of a seed (`drawing`), played in a `World` (`history`), judged by the rules of
`oracle`, and made shorter where it fails (`shortening`). Moves and rules of one subject share a file.
`python -m explorer --minutes 5` explores; `named` keeps the histories that once found something.
"""
