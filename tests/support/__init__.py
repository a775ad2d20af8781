"""What the tests stand on: a shared API server, the operator and the simulator as processes, a faulty API proxy."""
