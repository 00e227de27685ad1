"""The distributor's API: its rules, its words on the wire, one client. No Django, no Celery."""
