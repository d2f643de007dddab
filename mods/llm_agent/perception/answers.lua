-- What a player asks and the game knows: the answer as the game has it, in the player's language, for whatever engine answers.
-- The model is asked all the same, for its own words are better company: they stand where they hold what is true (`holds`), else
-- the game's line takes their place. Folders register the kinds that they know of (core/questions.lua lists them).
-- Pure but for who is online; each kind reads the world by itself. Costs no call to the model.

local log, text, questions, translate = ...

local answers = {}

local SENTENCE_MAX_BYTES = 300 -- who tells a story does not ask for the time

local kinds = {} -- kind → fn
local readers = {} -- {kind, fn}: what is asked is read otherwise than by a phrase

-- fn(npc, player_name, asked) -> {line =, holds =, done =, is_final =} or nil where the game does not know.
-- asked: {kind, words = what was said, lang = code or nil}. line: a text, or one that S made. holds: list of lists of words (with
-- * at its end: of beginnings); a line that has one of each list tells the truth. No `holds`: only the game's line will do.
-- done(): what follows once it is said. is_final: nothing is to be done beside it, so no action is on offer.
-- reads(words) -> code of a language, where the words are of this kind; for kinds that core/questions.lua does not have.
function answers.register(kind, fn, reads)
	kinds[kind] = fn
	if reads then readers[#readers + 1] = {kind = kind, reads = reads} end
end

local function read(words)
	for _, reader in ipairs(readers) do
		local lang = reader.reads(words)
		if lang then return reader.kind, lang end
	end
	return questions.asked(words)
end

local function is_asked_of(opts)
	return opts.utterance and #opts.utterance <= SENTENCE_MAX_BYTES and not opts.draft
		and (opts.intent == nil or opts.intent == "dialogue") and opts.player and core.get_player_by_name(opts.player) ~= nil
end

-- The game's answer to a question (opts of npc:think): {kind, text, lang, holds}, or nil. lang: what the NPC speaks to this
-- player where somebody chose that; else it is the language of the question.
function answers.of(npc, opts, lang)
	if not is_asked_of(opts) then return nil end
	local kind, asked_in = read(opts.utterance)
	if not kind or not kinds[kind] then return nil end
	local asked = {kind = kind, words = opts.utterance, lang = lang or asked_in}
	local ok, found = pcall(kinds[kind], npc, opts.player, asked)
	if not ok then
		log("error", ("the answer to %q failed: %s"):format(kind, tostring(found)))
		return nil
	end
	local line = found and text.clean(translate.into(asked.lang, found.line))
	return found and {
		kind = kind, text = line, lang = asked.lang, holds = found.holds, done = found.done, is_final = found.is_final,
	}
end

local function says(spaced_line, word)
	local stem = word:match("^(.*)%*$")
	local wanted = text.spaced(stem or word)
	return #wanted > 2 and spaced_line:find(stem and wanted:sub(1, -2) or wanted, 1, true) ~= nil
end

-- Is it this kind of question?
function answers.is_asked(kind, words) return questions.asked(words) == kind end

-- Does a line say what is true?
function answers.holds(answer, line)
	if not answer.holds then return false end
	line = text.spaced(line)
	for _, words in ipairs(answer.holds) do
		local has_one = false
		for _, word in ipairs(words) do has_one = has_one or says(line, word) end
		if not has_one then return false end
	end
	return true
end

local function is_other_language(answer, reply)
	return reply.lang ~= nil and reply.lang:match("^%a+") ~= answer.lang:match("^%a+")
end

-- A reply to the question that was asked: its words become the game's where they do not hold what is true, or come in another
-- language, or where there are none. What belongs to an action and what moderation put there stays.
function answers.correct(answer, reply)
	if reply.action or reply.code == "filtered" then return end
	if answer.done then answer.done() end
	if not reply.fallback and not is_other_language(answer, reply) and answers.holds(answer, reply.text) then return end
	reply.text, reply.lang, reply.told = answer.text, answer.lang, answer.kind
end

return answers
