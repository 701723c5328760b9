"""Pictures drawn on the server: facts in, numbers and words out. No queries, no clock."""
