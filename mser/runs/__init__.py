"""Run folders: what lies where, and what their files hold. Knows no torch and no page."""
