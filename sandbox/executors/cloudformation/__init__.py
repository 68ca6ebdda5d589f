"""Stacks made, updated and deleted on an engine, by its own CloudFormation."""
