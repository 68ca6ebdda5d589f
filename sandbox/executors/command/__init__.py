"""Programs that speak the AWS API, run against the clone."""
