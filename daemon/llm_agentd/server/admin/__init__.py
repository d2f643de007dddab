"""What admins see and steer: reports of games, the request log and its events, rates, the master switch."""
