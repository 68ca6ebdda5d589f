"""A reverse proxy in front of the engine: identify each call, record it, pass it on."""
