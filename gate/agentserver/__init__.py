"""`sandtable mcp`: what an agent may ask, over the Model Context Protocol (https://modelcontextprotocol.io/specification)."""
