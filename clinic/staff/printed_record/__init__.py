"""A treatment's record on paper: `contents` says what stands on it, `paper` lays it out, and everything between them is pure."""
