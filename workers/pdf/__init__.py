"""Stage «pdf»: delivered pages and their words become one validated PDF/A-2b with previews."""
