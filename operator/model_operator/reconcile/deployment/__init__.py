"""One pass over one ModelDeployment."""
