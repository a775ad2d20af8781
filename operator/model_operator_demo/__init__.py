"""A whole system on one machine: a real Kubernetes API server, the provider simulator and the operator.

`model-operator demo` shows it to people and the test suite runs against it.
"""
