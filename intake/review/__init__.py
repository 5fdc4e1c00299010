"""The desk in the browser: queue, document, decisions, signing desk, people, reports."""
