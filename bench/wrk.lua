-- Asks for one target after another, the same ones in every run, and tells the result in one line.
-- Arguments: a file with a target per line; a bearer token, or "-"; an ETag to ask again with.
local targets, last = {}, 0

function init(args)
  local headers = {}
  if args[2] and args[2] ~= "-" then headers["Authorization"] = "Bearer " .. args[2] end
  if args[3] then headers["If-None-Match"] = args[3] end
  for target in io.lines(args[1]) do
    targets[#targets + 1] = wrk.format("GET", target, headers)
  end
end

function request()
  last = last % #targets + 1
  return targets[last]
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d %d %d %d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failed.connect, failed.read, failed.write + failed.timeout, failed.status))
end
