"""What models cost: a dated table that ships with the package, and the user's own rows on top."""
