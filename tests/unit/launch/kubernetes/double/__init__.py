"""A double of the Kubernetes API: the official client, an API without a network, a cluster."""
