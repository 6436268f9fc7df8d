-- A page of a thousand members: 150 KB of body.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = string.rep("0123456789abcde\n", 9600)
