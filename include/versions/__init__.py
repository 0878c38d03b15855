"""What is pinned by Git: publishing a version, its history, and reading it back."""
