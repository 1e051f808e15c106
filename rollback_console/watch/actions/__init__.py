"""The writes of the watch.

triggers      by people: binding, changing, removing
observations  by workers: what was seen, what fired and recovered
watches       by the sweeper: beginning and ending
firings       by people: false alarms
"""
