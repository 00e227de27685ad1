"""The pages of signing up, a form each, and the rules that they help with."""
