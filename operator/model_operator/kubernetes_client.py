"""The asynchronous half of the `kubernetes` package, as far as it is used here: the only import of that package.

Its own `__init__` would load the synchronous half first, with requests, requests-oauthlib and urllib3.
"""

from model_operator.loading import only_submodules

with only_submodules("kubernetes", "kubernetes.aio"):
    from kubernetes.aio import client, config
    from kubernetes.aio.client import ApiClient, Configuration
    from kubernetes.aio.client.exceptions import ApiException
    from kubernetes.aio.leaderelection.electionconfig import Config
    from kubernetes.aio.leaderelection.leaderelection import LeaderElection
    from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
    from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

__all__ = [
    "ApiClient",
    "ApiException",
    "Config",
    "Configuration",
    "LeaderElection",
    "LeaderElectionRecord",
    "LeaseLock",
    "client",
    "config",
]
