"""The laptop's pod runner: a small Kubernetes API on loopback; pods are local processes. It isolates nothing."""
