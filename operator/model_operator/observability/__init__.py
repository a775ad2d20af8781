"""What people and Prometheus see of the process: logs, metrics, health.

The layers above report here; nothing here decides anything.
"""
