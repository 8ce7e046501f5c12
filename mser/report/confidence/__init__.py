"""How sure answers are: calibration, abstaining, the surest mistakes."""
