"""What people type. Fields come from the rules; nothing here saves anything."""
