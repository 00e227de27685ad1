"""The public way in. None of these pages needs a sign-in."""
