"""The door for programs: what other machines hand in. No login; each address says how its callers prove who they are."""
