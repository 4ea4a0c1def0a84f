"""From labelled texts to a calibration: examples, what each rung of them loses, and the curves fitted to that."""
