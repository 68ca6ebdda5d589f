"""The published report, and one renderer per form."""
