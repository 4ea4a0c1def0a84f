"""Answers that stand on numbered passages: asked for, checked, refused where nothing bears them out."""
