"""What others see of a driver: metrics for Prometheus, messages and traces."""
