"""Years of news out of archives: what is read, by which process, and how it is stored."""
