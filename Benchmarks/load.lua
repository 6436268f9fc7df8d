-- What wrk sends: load.lua -- get | pipelined | post <file> <coding> | paths <file>
-- and one line at the end that a program can read:
-- requests, microseconds, p50, p99, socket errors, answers that were no success.

local turn = 0
local requests

local function lines(file)
    local found = {}
    for line in io.lines(file) do found[#found + 1] = wrk.format("GET", line) end
    return found
end

function init(arguments)
    local what = arguments[1] or "get"
    if what == "post" then
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/json"
        if arguments[3] ~= "identity" then wrk.headers["Content-Encoding"] = arguments[3] end
        local file = assert(io.open(arguments[2], "rb"))
        wrk.body = file:read("*a")
        file:close()
    end
    if what == "paths" then
        requests = lines(arguments[2])
    else
        local one = wrk.format()
        requests = { what == "pipelined" and string.rep(one, 16) or one }
    end
    turn = math.random(#requests)
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "figures %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
