"""The benchmark: how fast, how cheap, how quiet and how safe the operator is with many deployments.

Everything is real but the provider, which is the simulator: API server, operator process, HTTP. `make bench` runs it.
"""
