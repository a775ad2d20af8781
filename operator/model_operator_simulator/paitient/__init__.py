"""PaiTIENT's secure model service: deployments, endpoints, canary endpoints, metrics and logs under `/paitient/v1`."""
