"""Each knob of the simulator: another value, and what a probe sees with the default and with that.

A row is (name, another value, what is looked at, seen with the default, seen with the other value).
"""
