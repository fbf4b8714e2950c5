"""One module per subject: a session or connection in, values of `geo` out."""
