"""Make it happen safely: clone an environment, replay a change in it, record every API call, read the state back."""
