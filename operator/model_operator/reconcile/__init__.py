"""One pass per kind: observe, plan, act, report."""
