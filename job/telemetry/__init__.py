"""What others see of a driver: metrics for Prometheus, and messages."""
