"""The engine under fire: the faults, the server that plays them and the planner it is held against."""
