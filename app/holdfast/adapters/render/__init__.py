"""Document writers: PDF, DOCX, plain text."""
