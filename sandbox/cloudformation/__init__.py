"""CloudFormation, without a clone: templates read, resolved and compared. Pure but for reading the files named."""
