"""The routes, one file for each noun: parse, call one service, answer."""
