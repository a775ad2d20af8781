"""One pass over one CanaryEndpoint."""
