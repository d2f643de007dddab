-- Makes word and deed one. Where an action was chosen, what is said belongs to it: words that a model's own data has matched
-- with it, or that pass a rule; else a line that was written for the action. An action that failed says so. What the game knows
-- better than any model (a quest, its pay) is told by the folders that know it (wording.add): their line is said, and of the
-- model's words only what cannot contradict it. Runs when a reply is there and its action was run. Knows no quests, no goods
-- and no bodies.

local log, text, lines, claims, language, actions = ...

local wording = {}

local FLAVOUR_MAX_BYTES = 90 -- beside a line of the game's own: one short sentence
local FLAVOUR_WORDS_MIN = 2
local TRIES = 4 -- at a line that nobody here has just said; lists have a handful

-- What is said of an action that failed, and of which nobody wrote lines.
local GENERIC_FAILED = {
	"I would, {player}, but it cannot be done now.", "That will not work now, {player}.", "I tried, but nothing comes of it.",
	"Forgive me, {player}, I cannot do that now.",
}

local tellers = {}

-- fn(npc, answer, opts, code) -> nil, or what it has to tell: {line = words in the language `code`, opening = words that may
-- stand before it, may_stand(folded sentence) = whether a sentence of the model may, before = words that do}, or {text = the
-- model's words as they may be said}. The first that has a line is heard; else the first
-- that corrects the model's words.
-- may_tell(npc, opts): might it, for all that is known before the answer? Then no word is spoken before.
function wording.add(fn, may_tell) tellers[#tellers + 1] = {tell = fn, may_tell = may_tell} end

-- The first sentence of the model, where it may stand beside a line of the game's own.
local function flavour_of(answer, told, code)
	if answer.fallback or not told.may_stand or answer.lang and not language.same(answer.lang, code or "en") then return nil end
	local first = claims.sentences(answer.text)[1]
	if not first or #first > FLAVOUR_MAX_BYTES or not first:find("[%.!]['\")]*$") then return nil end
	local folded = claims.fold(first)
	local _, words = folded:gsub("%S+", "")
	local is_safe = not (claims.numbers(folded)[1] or claims.speaks_of_pay(folded) or claims.speaks_of_a_task(folded)
		or claims.denies(folded) or claims.refuses(folded) or claims.takes_leave(folded))
	return words >= FLAVOUR_WORDS_MIN and is_safe and told.may_stand(folded) and first or nil
end

local function speak(answer, code, words)
	answer.text, answer.lang = words, code or answer.lang
end

local function hear_tellers(npc, answer, opts, code)
	local left
	for _, teller in ipairs(tellers) do
		local told = teller.tell(npc, answer, opts, code)
		if told and told.line then
			speak(answer, code, lines.join(told.before or flavour_of(answer, told, code) or told.opening, told.line))
			return true
		end
		left = left or told
	end
	if left then answer.text = left.text end
	return left ~= nil
end

-- Are words in the language `code`? One that a model does not name is taken for English.
local function speaks(lang, code) return language.same(lang or "en", code or "en") end

-- Do the words belong to the action that was done?
local function belongs(speech, answer, opts, code)
	if answer.action.lang and not speaks(answer.lang, code) then return false end
	if answer.matched then return answer.text ~= "" end
	if not text.clean(answer.text):find("%S") then return false end
	local folded = claims.fold(answer.text)
	if speech.belongs then return speech.belongs(folded, answer.action.params, claims.fold(opts.utterance or "")) end
	return not claims.refuses(folded)
end

local function list_of(source, ...)
	if type(source) == "function" then return source(...) end
	return source
end

-- The lines for how the action ended, or nil where its words may stay: they belong to it, and nobody beside has just said them.
local function lines_due(npc, answer, opts, code, is_stale)
	local action = answer.action
	local speech = actions.speech[action.name] or actions.by_name[action.name].lines or {}
	if not action.ok then
		local failed = list_of(speech.failed, npc, opts.player, action.params, action.why)
		return failed or GENERIC_FAILED, speech
	end
	if not speech.done or belongs(speech, answer, opts, code) and not is_stale(answer.text) then return nil end
	return list_of(speech.done, npc, opts.player, action.params), speech
end

local function settle_action(npc, answer, opts, code, is_stale)
	local list, speech = lines_due(npc, answer, opts, code, is_stale)
	if not list then return end
	local values = {player = opts.player, npc = npc.name}
	for name, value in pairs(answer.action.params) do values[name] = tostring(value) end
	for name, value in pairs(speech.values and speech.values(npc, answer.action.params, code) or {}) do values[name] = value end
	local line
	for _ = 1, TRIES do
		line = lines.pick(list, npc, code, values, math.random)
		if not line or not is_stale(line) then break end
	end
	if line then speak(answer, code, lines.join(line)) end
end

local function settle(npc, answer, opts, code, is_stale)
	if answer.code == "filtered" or opts.draft then return end
	if hear_tellers(npc, answer, opts, code) or not answer.action then return end
	if answer.told and answer.action.ok then return end -- the game's own answer, with a gesture perhaps
	settle_action(npc, answer, opts, code, is_stale)
end

-- May a line of the game's own take the place of what a model is about to say?
function wording.may_tell(npc, opts)
	for _, teller in ipairs(tellers) do
		if teller.may_tell(npc, opts) then return true end
	end
	return false
end

-- Changes answer.text, and answer.lang with it, where word and deed would part. code: the language of the talk, or nil.
-- is_stale(line): was it said here a moment ago?
function wording.settle(npc, answer, opts, code, is_stale)
	local ok, problem = pcall(settle, npc, answer, opts, code, is_stale)
	if not ok then log("error", ("the words of %s could not be checked: %s"):format(npc.id, tostring(problem))) end
end

return wording
