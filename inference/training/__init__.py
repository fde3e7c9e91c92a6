"""How the demonstration checkpoint is made: synthetic speech with known prosody, training, calibration, evaluation."""
