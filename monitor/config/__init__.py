"""Settings from the environment and feeds from feeds.yaml: read once, checked whole, frozen, passed down."""
