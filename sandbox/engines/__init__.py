"""AWS emulators, each behind the Engine protocol; nothing above may know which one runs."""
