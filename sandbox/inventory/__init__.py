"""From a running clone to a Snapshot, over the AWS API itself."""
