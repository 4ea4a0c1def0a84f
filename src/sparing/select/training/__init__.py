"""Training of the models that `sparing.select` ships. Never imported at run time; needs the extra ``train``."""
