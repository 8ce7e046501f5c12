"""What the predictions of one or more runs say, as a page, as JSON and in the terminal."""
