"""What others read of us: lineage, and every dataset's record in the standards of catalogues."""
