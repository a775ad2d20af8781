"""What to do next about one ModelDeployment. Pure."""
