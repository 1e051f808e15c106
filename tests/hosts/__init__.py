"""The console against real target hosts; see build.py and fleet.py."""
