"""The command line: parse, call one function, print, map to an exit code."""
