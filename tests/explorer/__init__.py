"""Random histories over the real engine, passes and accounts, with the API server and the providers in memory.

A history is a list of moves (`moves`), made of a seed (`history`), played in a `World`, and judged by `oracle`.
`python -m explorer --minutes 5` explores; `named` keeps the histories that once found something.
"""
