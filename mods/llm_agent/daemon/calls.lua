-- Plain calls to the daemon beside the exchange, for roles and memory. The caller gets the answer, or a problem in words for
-- people.
-- Knows nothing of what is asked.

local text, client = ...

local calls = {}

local PROBLEM_MAX_BYTES = 400

-- In the daemon's own words where it has some.
local function problem_of(answer, problems)
	if answer.code == 200 and answer.data then return nil end
	local message = client.error_of(answer.data)
	if message then return text.clean(message, PROBLEM_MAX_BYTES) end
	return answer.code == 0 and problems.unreachable or problems.refused(answer.code)
end

-- done(problem or nil, data) comes once, in a later step; at once where no call can be made.
-- problems: {unreachable, not_asked, refused(code)}, words for who asked.
function calls.call(method, path, body, problems, done)
	local is_sent = client.call(method, path, body, function(answer) done(problem_of(answer, problems), answer.data) end)
	if not is_sent then done(problems.not_asked) end
end

return calls
