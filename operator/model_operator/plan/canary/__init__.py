"""Every decision about a CanaryEndpoint, without I/O: `decide.py` lists the rules, the other modules are theirs."""
