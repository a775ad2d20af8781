"""Parasail's dedicated deployments: control API under `/parasail/api/v1`, chat under `/parasail/v1`."""
